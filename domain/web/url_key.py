"""Which addresses count as the same, and which are never opened."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

WEB: Final = {"http": ":80", "https": ":443"}
NEVER_OPENED: Final = frozenset({"javascript", "data", "place", "vbscript"})
"""Schemes of addresses that are programs, contents or queries of a browser's own; kept, but never opened."""


def url_key(url: str) -> str:
    """Return what the spellings of one web address have in common; any other address as it is.

    The host is in lower case; the default port, ``utm_`` parameters and the fragment are gone, and the other
    parameters are in order. A fragment that begins with ``!`` or ``/`` stays: it names a page of its own.
    """
    parts = urlsplit(url)
    if parts.scheme not in WEB:
        return url.strip()
    user, at, host = parts.netloc.rpartition("@")
    host = host.lower().removesuffix(WEB[parts.scheme])
    query = "&".join(
        sorted(each for each in parts.query.split("&") if each and not each.lower().startswith("utm_"))
    )
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return (
        f"{parts.scheme}://{user}{at}{host}{parts.path or '/'}"
        f"{'?' if query else ''}{query}{'#' if fragment else ''}{fragment}"
    )


def may_be_opened(url: str) -> bool:
    """Whether opening the address can only fetch something, as far as its scheme tells."""
    return urlsplit(url).scheme not in NEVER_OPENED
