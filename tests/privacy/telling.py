"""A string that is put in where it does not belong, and all that an error tells."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest

CANARY = "canary7d1f0a93c4"


def told(error: BaseException) -> str:
    """Return everything that an error tells, with the causes and contexts that a traceback shows."""
    texts = ["".join(traceback.format_exception(error))]
    each: BaseException | None = error
    while each is not None:
        texts += [str(each), repr(each), repr(each.args), repr(getattr(each, "__notes__", ()))]
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\n".join(texts)


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """See that nothing was logged or printed that was put in."""
    caplog.set_level(logging.DEBUG)
    yield
    printed = capfd.readouterr()
    assert CANARY not in caplog.text + printed.out + printed.err
