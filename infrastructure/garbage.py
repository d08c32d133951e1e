"""The garbage collector as a process suits it that makes many short-lived objects and keeps its code for ever."""

from __future__ import annotations

import gc


def relax_collector() -> None:
    """Leave what is loaded now out of collections, and collect less often.

    For programs, not for a library's caller to find changed: workers and the command line call it. Measured
    on a projection of 15,000 events: a fifth to a third less processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
