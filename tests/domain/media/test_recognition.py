"""What programs find out about a medium, and that it goes with the bytes it was found in."""

from __future__ import annotations

import pytest

from domain.media.media import Media
from domain.media.media_terms import MediaKind, MediaQuarantined, Processing
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from tests.domain.media.photos import BETTER, ORIGINAL, imported, topics


def examined() -> Media:
    media = imported()
    for _ in range(2):
        media.recognise_text("EXIT", language="en", engine="tesseract")
        media.transcribe("Mind the gap", language="en-GB", engine="whisper")
        media.record_hash("00ff00ff00ff00ff")
    return media


def findings(media: Media) -> tuple[str | None, ...]:
    return (media.ocr_text, media.ocr_language, media.ocr_engine, media.transcript, media.phash)


def test_findings_are_kept_once() -> None:
    media = examined()
    assert findings(media) == ("EXIT", "en", "tesseract", "Mind the gap", "00ff00ff00ff00ff")
    assert (media.transcript_language, media.transcript_engine) == ("en-GB", "whisper")
    assert topics(media)[1:] == ["media.text_recognised", "media.transcribed", "media.hashed"]


def test_other_bytes_have_no_findings_yet() -> None:
    replaced, refreshed, same = examined(), examined(), examined()
    replaced.quarantine("not a JPEG")
    replaced.replace_content(BETTER)
    refreshed.refresh(BETTER, kind=MediaKind.PHOTO)
    same.refresh(ORIGINAL, kind=MediaKind.PHOTO, width=100)
    assert findings(replaced) == findings(refreshed) == findings(imported())
    assert replaced.processing is Processing.READY
    assert findings(same) == findings(examined())


def test_refresh_leaves_findings_alone() -> None:
    media = examined()
    media.refresh(kind=MediaKind.PHOTO, width=100)
    assert media.width == 100
    assert media.ocr_text == "EXIT"


def test_quarantine_stands_until_it_is_released() -> None:
    media = imported()
    media.release()
    media.fail_processing("no decoder")
    assert (media.processing, media.processing_problem) == (Processing.FAILED, "no decoder")
    media.quarantine("not a JPEG")
    with pytest.raises(MediaQuarantined):
        media.fail_processing("no decoder")
    media.release()
    assert (media.processing, media.processing_problem) == (Processing.READY, None)
    assert topics(media)[1:] == ["media.processing_failed", "media.quarantined", "media.released"]


@pytest.mark.parametrize("phash", ["", "00ff", "G" * 16, "00FF00FF00FF00FF"])
def test_hash_has_64_bits(phash: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Media)["record_hash"].arguments((phash,), {})


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (400, 300)), (4, (400, 300)), (5, (300, 400)), (8, (300, 400))]
)
def test_picture_that_lies_on_its_side_is_shown_upright(orientation: int, size: tuple[int, int]) -> None:
    assert imported(width=400, height=300, orientation=orientation).display_size == size


def test_size_for_display_needs_both_sides() -> None:
    assert imported(width=400).display_size is None
