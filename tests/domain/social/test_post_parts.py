"""What may stand in the poll of a post, and in its place."""

from __future__ import annotations

from typing import Any

import pytest

from domain.shared.place import HalfPlace
from domain.social.social_post_terms import (
    Poll,
    PollMissing,
    PollOption,
    PollVotedOn,
    PostKind,
    PostPlace,
    VotesUnfit,
)
from tests.domain.social.posts import Home, collected

POLL = Poll((PollOption("yes"), PollOption("no")))
VOTED = Poll((PollOption("yes", 3), PollOption("no")))


def test_poll_needs_options(home: Home) -> None:
    with pytest.raises(PollMissing):
        home.draft(kind=PostKind.POLL)

    assert home.draft(kind=PostKind.POLL, poll=POLL).poll == POLL
    assert collected(kind=PostKind.POLL).poll is None


@pytest.mark.parametrize("voted", [VOTED, Poll(POLL.options, own_votes=(1,))])
def test_poll_stands_after_the_first_vote(voted: Poll) -> None:
    other = Poll((PollOption("aye"), PollOption("no")))
    open_poll, closed_poll = collected(poll=POLL), collected(poll=voted)

    open_poll.edit(poll=other)
    assert open_poll.poll == other
    with pytest.raises(PollVotedOn):
        closed_poll.edit(poll=other)
    closed_poll.edit("Good morning")

    assert closed_poll.poll == voted


@pytest.mark.parametrize(
    "unfit", [{"own_votes": (2,)}, {"own_votes": (0, 1)}, {"own_votes": (1, 1), "multiple": True}], ids=repr
)
def test_own_votes_are_for_options_of_the_poll_each_once(home: Home, unfit: dict[str, Any]) -> None:
    poll = Poll(POLL.options, **unfit)

    for refused in (home.draft, collected, home.draft().revise, collected().edit):
        with pytest.raises(VotesUnfit):
            refused(poll=poll)

    assert collected(poll=Poll(POLL.options, multiple=True, own_votes=(1, 0))).poll is not None


@pytest.mark.parametrize("half", [{"latitude": 51.5}, {"longitude": -0.1}])
def test_place_of_a_post_has_both_coordinates_or_none(home: Home, half: dict[str, Any]) -> None:
    place = PostPlace("London", **half)

    for refused in (home.draft, collected, home.draft().revise, collected().edit):
        with pytest.raises(HalfPlace):
            refused(place=place)

    assert collected(place=PostPlace("London")).place == PostPlace("London")
