"""Which spellings of an address are taken for the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.web.url_key import may_be_opened, url_key


@pytest.mark.parametrize(
    "spelling",
    [
        "https://example.org/a?x=1&y=2",
        "HTTPS://EXAMPLE.org/a?x=1&y=2",
        "https://example.org:443/a?x=1&y=2",
        "https://example.org/a?y=2&x=1",
        "https://example.org/a?x=1&y=2#part",
        "https://example.org/a?utm_source=mail&x=1&UTM_Campaign=z&y=2",
        "https://example.org/a?&x=1&&y=2&",
        " https://example.org/a?x=1&y=2",
    ],
)
def test_spellings_of_one_address_have_one_key(spelling: str) -> None:
    assert url_key(spelling) == "https://example.org/a?x=1&y=2"


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/a?x=1&y=2",
        "https://example.org/A?x=1&y=2",
        "https://example.org/a/?x=1&y=2",
        "https://example.org:8443/a?x=1&y=2",
        "https://ada@example.org/a?x=1&y=2",
        "https://example.org/a?x=1&y=2&y=2",
        "https://example.org/a?x=1&y=2#!/inbox",
        "https://example.org/a?x=1&y=2#/inbox",
    ],
)
def test_different_addresses_have_different_keys(other: str) -> None:
    assert url_key(other) != url_key("https://example.org/a?x=1&y=2")


def test_host_alone_is_its_front_page() -> None:
    assert url_key("https://example.org") == url_key("https://example.org/") == "https://example.org/"


def test_name_of_the_user_keeps_its_case() -> None:
    assert url_key("https://Ada:Secret@EXAMPLE.org/") == "https://Ada:Secret@example.org/"


@pytest.mark.parametrize("url", ["javascript:alert('#Hi')", "data:text/html,<b>#1", "mailto:Ada@Example.org"])
def test_address_that_is_no_web_address_is_its_own_key(url: str) -> None:
    assert url_key(url) == url


@given(
    st.builds(
        "{}://{}{}?{}#{}".format,
        st.sampled_from(["http", "https", "HTTP", "ftp"]),
        st.sampled_from(["example.org", "EXAMPLE.org:80", "ada@example.org:443", "[::1]:8080"]),
        st.text("/ab%20", max_size=8).map(lambda path: f"/{path}"),
        st.text("ab=&?_utm", max_size=12),
        st.text("!/ab#", max_size=5),
    )
)
def test_key_of_a_key_is_the_key(url: str) -> None:
    assert url_key(url_key(url)) == url_key(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "place:sort=8",
    ],
)
def test_programs_contents_and_queries_are_never_opened(url: str) -> None:
    assert not may_be_opened(url)


def test_web_addresses_may_be_opened() -> None:
    assert may_be_opened("https://example.org/javascript:")
