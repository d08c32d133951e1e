"""Broken and hostile GPX files: what can be read is kept, and no bytes do harm."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.importers.draft import Draft, Limits, Refused, UnreadableFile
from tests.importers.reading import mutations, only_draft, read
from tests.importers.tracks import GPX, gpx, point, track

SECONDS = 5.0  # of the processor for one hostile file, however busy the machine


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "iso-8859-1"])
def test_any_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    source = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><gpx creator="Café">{track(point())}</gpx>'
    assert only_draft(GPX, gpx(tmp_path, source.encode(encoding))).arguments["device"] == "Café"


def test_wrongly_declared_encoding_costs_no_point(tmp_path: Path) -> None:
    source = '<?xml version="1.0" encoding="utf-8"?><gpx creator="Café">' + track(point()) + "</gpx>"
    only_draft(GPX, gpx(tmp_path, source.encode("cp1252")))
    only_draft(GPX, gpx(tmp_path, source.replace("utf-8", "no-such-thing").encode()))


@pytest.mark.parametrize(
    "name",
    ["a & b", "a &nbsp;&eacute; b", "a \x00\x0b b", "a &#0;&#x1F;&#55357; b", "&#99999999;", "&undefined;"],
)
def test_text_that_is_no_xml_costs_no_point(tmp_path: Path, name: str) -> None:
    only_draft(GPX, gpx(tmp_path, f"\n<trk><name>{name}</name><x:undeclared/>{track(point())[5:]}"))


def test_file_that_breaks_off_gives_the_points_it_has(tmp_path: Path) -> None:
    whole = f'<gpx creator="x">{track(point(), point("<time>2026-11-01T10:00:01Z</time>"))}</gpx>'
    path = gpx(tmp_path, whole[:-60].encode())
    refused, draft = read(GPX, path)
    assert refused == Refused("broken_xml")
    assert isinstance(draft, Draft)
    assert len(draft.arguments["points"]) == 1


def test_fault_in_the_middle_costs_a_point_and_not_the_rest(tmp_path: Path) -> None:
    one, two = (point(f"<time>2026-11-0{day}T10:00:00Z</time>") for day in (1, 2))
    body = (
        track(one, "<trkpt lat='1' lon='2'><ele></wrong></trkpt>", two)
        + "<wpt lat='1' lon='1'><time>2026-11-03T10:00:00Z</time></wpt>"
    )
    refused, *found = read(GPX, gpx(tmp_path, body))
    assert refused == Refused("broken_xml")
    assert [draft.source_id[-2:] for draft in found if isinstance(draft, Draft)] == ["01", "02", "03"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"words", b"\x89PNG\r\n\x1a\n", b"<html><body/></html>", b"<kml><trk/></kml>", b"<gpx", b"\xff\xfe",
        b'<!DOCTYPE gpx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><gpx><trk/></gpx>',
        b'<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx><trk/></gpx>',
        b'<!DOCTYPE gpx [<!ENTITY % a SYSTEM "http://example.org/x.dtd"> %a;]><gpx><trk/></gpx>',
    ],
)  # fmt: skip
def test_what_is_no_gpx_is_unreadable(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(GPX, gpx(tmp_path, data))


def test_external_document_type_is_never_fetched_and_does_no_harm(tmp_path: Path) -> None:
    body = f'<!DOCTYPE gpx SYSTEM "http://example.org/gpx.dtd"><gpx creator="x">{track(point())}</gpx>'
    only_draft(GPX, gpx(tmp_path, body.encode()))


def test_missing_and_too_large_files_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(GPX, tmp_path / "none.gpx")
    with pytest.raises(UnreadableFile):
        read(GPX, gpx(tmp_path, track(point())), limits=Limits(whole_file_bytes=10))


def test_entries_time_and_size_are_bounded(tmp_path: Path) -> None:
    path = gpx(tmp_path, track(point()) + track(point("")))
    refused, draft = read(GPX, path, limits=Limits(entries=1))
    assert refused == Refused("too_many_entries")
    assert isinstance(draft, Draft)
    assert Refused("out_of_time") in read(GPX, path, limits=Limits(seconds=-1))
    long = gpx(tmp_path, track(point(f"<name>{'x' * 2000}</name>")))
    assert read(GPX, long, limits=Limits(entry_bytes=1000)) == [Refused("bad_points")]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<gpx>" + b"<a>" * 300_000, id="nesting"),
        pytest.param(b"<gpx><trk>" + b'<trkpt lat="1" lon="1">' * 100_000, id="nested points"),
        pytest.param(b'<gpx><trk name="' + b"x" * 20_000_000, id="long attribute"),
        pytest.param(b"<gpx><!--" + b"x" * 20_000_000, id="open comment"),
        pytest.param(b"<gpx><?x" + b"x" * 20_000_000, id="open instruction"),
        pytest.param(b"<gpx>" + b"<!-- -->" * 1_000_000, id="comments"),
        pytest.param(b"<gpx>" + b"<wpt &" * 300_000, id="faults"),
        pytest.param(b"<gpx>" + b"<trk/>" * 50_000, id="empty tracks"),
        pytest.param(b"<gpx>" + b"&" * 500_000, id="ampersands"),
        pytest.param(b"<gpx><trk>" + b'<x a="1"/>' * 100_000 + b"</trk></gpx>", id="unknown elements"),
        pytest.param(
            b"<gpx><trk><trkpt lat='1' lon='1'><time>" + b"1" * 5_000_000 + b"</time>", id="long time"
        ),
        pytest.param(
            b"<gpx><trk><trkpt lat='" + b"1" * 900_000 + b"' lon='1'/></trk></gpx>", id="long number"
        ),
        pytest.param(
            b"<gpx " + b"".join(b"a%d='' " % n for n in range(100_000)) + b"/>", id="many attributes"
        ),
        pytest.param(b"<!DOCTYPE " + b" " * 5_000_000, id="open document type"),
        pytest.param(b"<gpx>" + "é".encode("utf-16") * 1_000_000, id="wrong bytes"),
    ],
)
def test_hostile_file_ends_soon(tmp_path: Path, data: bytes) -> None:
    path = gpx(tmp_path, data)
    begin = time.process_time()
    with contextlib.suppress(UnreadableFile):
        read(GPX, path)
    assert time.process_time() - begin < SECONDS


SEED = (
    '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE gpx><gpx version="1.0" creator="c"><wpt lat="1" lon="2"/>'
    + track(
        point("<ele>1</ele><time>2026-11-01T10:00:00+01:00</time><extensions><hAcc>1</hAcc></extensions>")
    )
    + "<rte><rtept lat='1' lon='1'/></rte></gpx>"
).encode()


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300).map(lambda data: b"<gpx>" + data) | mutations(SEED))
def test_no_bytes_raise_anything_but_unreadable(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(GPX, gpx(Path(folder), data), timezone="Asia/Kathmandu")
        except UnreadableFile:
            return
