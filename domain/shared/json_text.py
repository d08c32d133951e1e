"""Values as JSON text: one form for what is stored, cached and compared."""

from __future__ import annotations

from functools import partial

import orjson
from pydantic_core import to_json, to_jsonable_python

_other = partial(to_jsonable_python, bytes_mode="base64")
"""What orjson does not know: decimals as text, bytes in Base64, whatever else pydantic takes."""


def json_of(value: object) -> bytes:
    """Return a value as JSON in UTF-8, as pydantic reads it back; raises ValueError for what has no such form.

    orjson takes a quarter of the time of pydantic's own serialiser, which knows more: whole numbers beyond
    64 bits, keys that are no text.
    """
    try:
        return orjson.dumps(value, default=_other)
    except TypeError:
        return to_json(value, bytes_mode="base64")
