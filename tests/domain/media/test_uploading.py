"""How the bytes of a medium come, and what may be done with it before and after they are here."""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any

import pytest

from domain.media.media import Media
from domain.media.media_terms import (
    MediaKind,
    MediaQuarantined,
    NothingAwaited,
    NothingUploaded,
    NotProcessing,
    Processing,
)
from domain.shared.errors import IllegalTransition
from domain.shared.peers import Claim
from domain.shared.place import HalfPlace
from domain.shared.record import Origin, Source, state_fields
from domain.shared.values import new_id
from tests.domain.media.photos import BETTER, NOON, ORIGINAL, ROME, imported, topics

Step = Callable[[Media], None]


def announced(**details: Any) -> Media:
    origin = Origin(new_id(), source=Source("phone", "IMG_0001"))
    return Media.begin_upload(origin, kind=MediaKind.PHOTO, **details)


def after(*steps: Step, made: Callable[[], Media] = announced) -> Media:
    media = made()
    for step in steps:
        step(media)
    return media


COMPLETE = methodcaller("complete_upload", ORIGINAL)
ABORT = methodcaller("abort_upload", "no battery")
BEGIN = methodcaller("begin_processing")
FINISH = methodcaller("finish_processing")
FAIL = methodcaller("fail_processing", "no decoder")
QUARANTINE = methodcaller("quarantine", "not a JPEG")
RELEASE = methodcaller("release")
REPLACE = methodcaller("replace_content", BETTER)
STEPS = (COMPLETE, ABORT, BEGIN, FINISH, FAIL, QUARANTINE, RELEASE, REPLACE)

FAILED, READY, QUARANTINED = Processing.FAILED, Processing.READY, Processing.QUARANTINED
UPLOADED, PROCESSING = Processing.UPLOADED, Processing.PROCESSING

LIFE: dict[str, tuple[Callable[[], Media], list[Processing | type[IllegalTransition]]]] = {
    # what each of STEPS makes of it, in their order
    "awaited": (after, [UPLOADED, FAILED, NothingUploaded, NotProcessing, *[NothingUploaded] * 4]),
    "given up": (
        lambda: after(ABORT),
        [UPLOADED, FAILED, NothingUploaded, NotProcessing, *[NothingUploaded] * 4],
    ),
    "uploaded": (
        lambda: after(COMPLETE),
        [NothingAwaited, NothingAwaited, PROCESSING, NotProcessing, FAILED, QUARANTINED, UPLOADED, READY],
    ),
    "processing": (
        lambda: after(COMPLETE, BEGIN),
        [NothingAwaited, NothingAwaited, PROCESSING, READY, FAILED, QUARANTINED, PROCESSING, READY],
    ),
    "ready": (
        lambda: after(COMPLETE, BEGIN, FINISH),
        [NothingAwaited, NothingAwaited, PROCESSING, NotProcessing, FAILED, QUARANTINED, READY, READY],
    ),
    "added": (
        imported,
        [NothingAwaited, NothingAwaited, PROCESSING, NotProcessing, FAILED, QUARANTINED, READY, READY],
    ),
    "failed": (
        lambda: after(COMPLETE, BEGIN, FAIL),
        [NothingAwaited, NothingAwaited, PROCESSING, NotProcessing, FAILED, QUARANTINED, READY, READY],
    ),
    "quarantined": (
        lambda: after(COMPLETE, QUARANTINE),
        [
            NothingAwaited,
            NothingAwaited,
            MediaQuarantined,
            NotProcessing,
            MediaQuarantined,
            QUARANTINED,
            READY,
            READY,
        ],
    ),
}


@pytest.mark.parametrize(
    ("made", "step", "outcome"),
    [
        (made, step, outcome)
        for made, outcomes in LIFE.values()
        for step, outcome in zip(STEPS, outcomes, strict=True)
    ],
    ids=[f"{name}-{number}" for name in LIFE for number in range(len(STEPS))],
)
def test_each_state_allows_its_steps_and_refuses_all_others(
    made: Callable[[], Media], step: Step, outcome: Processing | type[IllegalTransition]
) -> None:
    media = made()
    before = (media.processing, media.processing_problem, media.content, media.version)
    if isinstance(outcome, Processing):
        step(media)
        assert media.processing is outcome
        assert (media.processing_problem is None) is (outcome not in (FAILED, QUARANTINED))
        once = media.version
        if step in (ABORT, BEGIN, FAIL, QUARANTINE, RELEASE, REPLACE):
            step(media)
            assert media.version == once
    else:
        with pytest.raises(outcome):
            step(media)
        assert (media.processing, media.processing_problem, media.content, media.version) == before


def test_announced_medium_has_all_but_its_bytes() -> None:
    media = announced(original_filename="IMG_0001.HEIC", captured_at=NOON, caption_text="Pantheon", **ROME)
    assert topics(media) == ["media.upload_begun"]
    assert (media.processing, media.content, media.claims) == (Processing.AWAITING_UPLOAD, None, frozenset())
    assert (media.original_filename, media.captured_at, media.latitude) == ("IMG_0001.HEIC", NOON, 41.9)
    media.caption("Pantheon, Rome")
    media.rate(4)
    with pytest.raises(HalfPlace):
        announced(latitude=41.9)


def test_bytes_are_claimed_once_they_are_here() -> None:
    media = after(COMPLETE, made=lambda: announced(caption_text="Pantheon"))
    assert media.claims == {Claim("media.content", str(ORIGINAL.blob_id))}
    assert (media.content, media.caption_text) == (ORIGINAL, "Pantheon")


def test_measures_that_come_with_the_bytes_replace_those_announced() -> None:
    media = announced(width=100, height=50, orientation=6, duration_ms=1500)
    media.complete_upload(ORIGINAL, width=4032)
    assert (media.width, media.height, media.orientation, media.duration_ms) == (4032, 50, 6, 1500)


def test_upload_that_is_given_up_says_why_until_the_bytes_come_all_the_same() -> None:
    media = after(ABORT)
    assert (media.processing_problem, media.deleted_at) == ("no battery", None)
    COMPLETE(media)
    assert media.processing_problem is None
    assert topics(media)[1:] == ["media.upload_aborted", "media.upload_completed"]


@pytest.mark.parametrize("state", LIFE)
def test_others_are_shown_media_that_are_here_and_harmless(state: str) -> None:
    media = LIFE[state][0]()
    assert media.presentable is (state not in {"awaited", "given up", "quarantined"})
    media.trash()
    assert not media.presentable


def test_nothing_is_found_in_bytes_that_are_not_here() -> None:
    finding: list[Step] = [
        lambda media: media.recognise_text("EXIT"),
        lambda media: media.transcribe("Mind the gap"),
        lambda media: media.record_hash("00ff00ff00ff00ff"),
        lambda media: media.refresh(kind=MediaKind.PHOTO, credit="Agency"),
    ]
    media = announced()
    for find in finding:
        with pytest.raises(NothingUploaded):
            find(media)
    COMPLETE(media)
    for find in finding:
        find(media)
    assert (media.ocr_text, media.credit, media.processing) == ("EXIT", "Agency", UPLOADED)


def test_source_may_bring_the_bytes_itself_and_change_them_later() -> None:
    brought, uploaded = announced(), after(COMPLETE, BEGIN)
    brought.refresh(ORIGINAL, kind=MediaKind.PHOTO)
    uploaded.refresh(BETTER, kind=MediaKind.PHOTO, width=200)
    assert (brought.content, brought.processing) == (ORIGINAL, READY)
    assert (uploaded.content, uploaded.width, uploaded.processing) == (BETTER, 200, READY)


def test_replaying_an_upload_gives_the_same_state() -> None:
    media = after(ABORT, COMPLETE, BEGIN, FAIL, BEGIN, FINISH, QUARANTINE, RELEASE, REPLACE, BEGIN)
    state: Any = None
    for event in media.pending_events:
        state = event.mutate(state)
    assert all(getattr(state, name) == getattr(media, name) for name in state_fields(Media))
    assert state.version == 11
