"""GPX files: every point with a time becomes part of its day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import gpxpy
import pytest
from gpxpy.gpx import GPXTrackPoint, GPXWaypoint

from domain.personal.location import LocationDay
from domain.personal.location_terms import MAX_POINTS, Motion, Point, Sensor
from domain.shared.record import Origin
from domain.shared.values import new_id
from infrastructure.importers.draft import Draft, Outcome, Refused
from infrastructure.importers.tracks.gpx_files import BATCH_POINTS
from tests.importers.reading import CUT, EXAMPLES, MISSING, drafts, only_draft, read, samples
from tests.importers.tracks import GPX, gpx, point, track, way_point

FILES = [*samples("location", ".gpx"), *samples("health", ".gpx")]
SAMPLE_DRAFTS = 14

needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def only_point(tmp_path: Path, body: str, zone: str = "UTC") -> Point:
    (found,) = only_draft(GPX, gpx(tmp_path, body), timezone=zone).arguments["points"]
    assert isinstance(found, Point)
    return found


def points_of(entries: list[Draft]) -> list[Point]:
    return [each for draft in entries for each in draft.arguments["points"]]


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_point_of_a_sample_that_has_a_time_is_kept_as_gpxpy_reads_it(path: Path) -> None:
    parsed = gpxpy.parse(path.read_text("utf-8-sig"))
    every: list[GPXTrackPoint | GPXWaypoint] = list(parsed.waypoints)
    every += [each for track in parsed.tracks for part in track.segments for each in part.points]
    dated = [each for each in every if each.time and each.time.year > 1970]
    expected = {
        (each.time.replace(tzinfo=each.time.tzinfo or UTC), each.latitude, each.longitude, each.elevation)
        for each in dated
        if each.time
    }
    found = points_of(drafts(GPX, path))
    assert {(each.recorded_at, each.latitude, each.longitude, each.altitude_m) for each in found} == expected


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_counts_of_a_sample_add_up(path: Path) -> None:
    source = path.read_text("utf-8-sig")
    tracks = len(re.findall(r"<trk[>\s]", source))
    way_points, routes = len(re.findall(r"<wpt\s", source)), len(re.findall(r"<rte[>\s]", source))
    entries = read(GPX, path)
    reasons = [entry.reason for entry in entries if isinstance(entry, Refused)]
    assert reasons.count("route") == routes
    assert len(reasons) - routes <= tracks + way_points
    kept = len([entry for entry in entries if isinstance(entry, Draft)])
    assert bool(kept) == (
        len(reasons) - routes - reasons.count("some_points_without_time") < tracks + way_points
    )


@needs_samples
def test_samples_give_as_many_drafts_as_measured() -> None:
    assert sum(len(drafts(GPX, path)) for path in FILES) >= SAMPLE_DRAFTS


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reading_a_sample_twice_gives_the_same_drafts(path: Path) -> None:
    assert read(GPX, path) == read(GPX, path)


@pytest.mark.parametrize(
    ("name", "motion"), [("walk-2026-11-01", Motion.WALKING), ("ride-2026-11-08", Motion.CYCLING)]
)
def test_example_is_a_day_of_about_eighty_points(name: str, motion: Motion) -> None:
    draft = only_draft(GPX, EXAMPLES / "tracks" / f"{name}.gpx", timezone="Europe/Lisbon")
    assert draft.source_id == f"Wayside 3.2:{name[-10:]}"
    assert 70 < len(draft.arguments["points"]) < 90
    assert {each.motion for each in draft.arguments["points"]} == {motion}


def test_points_belong_to_the_day_of_the_persons_zone(tmp_path: Path) -> None:
    path = gpx(
        tmp_path,
        track(
            point("<time>2026-11-01T23:30:00Z</time>"),
            point("<time>2026-11-01T22:30:00Z</time>"),
            point("<time>2026-11-01T23:59:59.5Z</time>"),
        ),
    )
    first, second = drafts(GPX, path, timezone="Europe/Berlin")
    assert [first.arguments["day"], second.arguments["day"]] == [date(2026, 11, 1), date(2026, 11, 2)]
    assert [first.source_id, second.source_id] == ["Tracker 1:2026-11-01", "Tracker 1:2026-11-02"]
    (late, last) = second.arguments["points"]
    assert late.recorded_at.utcoffset() == timedelta(hours=1)
    assert last.recorded_at.microsecond == 500_000
    assert only_draft(GPX, path).arguments["day"] == date(2026, 11, 1)


def test_tracks_segments_and_way_points_of_a_day_are_one_day(tmp_path: Path) -> None:
    later = point("<time>2026-11-01T11:00:00Z</time>")
    body = (
        track(later, "</trkseg><trkseg>")
        + track(point())
        + "<wpt lat='1' lon='2'><time>2026-11-01T09:00:00Z</time></wpt>"
    )
    draft = only_draft(GPX, gpx(tmp_path, body))
    assert [each.recorded_at.hour for each in draft.arguments["points"]] == [9, 10, 11]
    assert draft.update == "add_batch"
    assert draft.update_arguments == {"points": draft.arguments["points"]}


def test_names_and_descriptions_are_kept_with_the_day_they_are_of(tmp_path: Path) -> None:
    late = point("<time>2026-11-01T23:59:00Z</time>"), point("<time>2026-11-02T00:01:00Z</time>")
    place = "<name>Kiosk</name><cmt>Kiosk</cmt><desc> coffee\n and cake </desc>"
    body = (
        f"<trk><name>Night run</name><trkseg>{''.join(late)}</trkseg></trk>"
        + track(point())
        + track(point("<time>2026-11-01T11:00:00Z</time>"))
        + f"<trk><name>No time</name><trkseg>{point('')}</trkseg></trk>"
        + way_point(place)
        + way_point(f"<type>Geocache</type>{place}")
        + way_point("")
    )
    first, second = drafts(GPX, gpx(tmp_path, body))
    assert first.metadata == {"tracks": "Night run; n", "points": "Kiosk: coffee and cake"}
    assert second.metadata == {"tracks": "Night run"}


@pytest.mark.parametrize(
    "head",
    [
        "<metadata><name>Trip</name><desc>by\n bike</desc><author><name>Ada</name></author></metadata>",
        "<name>Trip</name><desc>by\n bike</desc><author>Ada</author>",
        "<desc>by bike</desc><name>Trip</name><name>Other</name><metadata><name>Third</name></metadata>",
    ],
)
def test_what_a_file_is_called_and_described_as_is_kept_with_its_days(tmp_path: Path, head: str) -> None:
    body = head + track(point(), point("<time>2026-11-02T10:00:00Z</time>")) + way_point("<name>Kiosk</name>")
    first, second = drafts(GPX, gpx(tmp_path, body))
    assert first.metadata == {"tracks": "n", "points": "Kiosk", "file": "Trip: by bike"}
    assert second.metadata == {"tracks": "n", "file": "Trip: by bike"}


def test_names_of_a_file_behind_a_fault_are_read(tmp_path: Path) -> None:
    body = f"<name>Trip</name>{track('<trkpt')}{track(point())}<metadata><desc>by bike</desc></metadata>"
    (day,) = (each for each in read(GPX, gpx(tmp_path, body)) if isinstance(each, Draft))
    assert day.metadata["file"] == "Trip: by bike"


def test_names_are_kept_up_to_ten_thousand_characters_and_say_where_there_are_more(tmp_path: Path) -> None:
    places = [way_point(f"<name>{'n' * 50}{number}</name>") for number in range(300)]
    few, many, long = (
        only_draft(GPX, gpx(tmp_path, "".join(each))).metadata["points"]
        for each in (places[:150], places, [way_point(f"<desc>{'d' * 20_000}</desc>")])
    )
    assert (few.count("; "), CUT in few) == (149, False)
    for cut in (many, long):
        assert (len(cut), cut.count(CUT), cut.endswith(CUT)) == (10_000, 1, True)


def test_file_without_a_creator_is_of_the_device_gpx(tmp_path: Path) -> None:
    path = gpx(tmp_path, track(point()), root="<gpx>")
    assert only_draft(GPX, path).source_id == "gpx:2026-11-01"


def test_longer_day_comes_in_batches_that_make_one_record(tmp_path: Path) -> None:
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    times = (begin + timedelta(seconds=n) for n in range(BATCH_POINTS + 5))
    path = gpx(tmp_path, track(*(point(f"<time>{each:%Y-%m-%dT%H:%M:%SZ}</time>") for each in times)))
    first, second = drafts(GPX, path)
    assert first.source_id == second.source_id
    assert [len(each.arguments["points"]) for each in (first, second)] == [BATCH_POINTS, 5]
    day = LocationDay.record_batch(Origin(new_id()), **first.arguments)
    for draft in (second, first, second):
        day.add_batch(**draft.update_arguments or {})
    assert (day.point_count, day.version) == (BATCH_POINTS + 5, 2)


def test_more_points_than_a_day_may_have_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.importers.tracks.gpx_files.BATCH_POINTS", 2)
    monkeypatch.setattr("infrastructure.importers.tracks.gpx_files.MAX_POINTS", 3)
    path = gpx(tmp_path, track(*(point(f"<time>2026-11-01T10:00:0{n}Z</time>") for n in range(5))))
    kept, *refused = read(GPX, path)
    assert isinstance(kept, Draft)
    assert refused == [Refused("too_many_points")] * 2
    assert MAX_POINTS >= BATCH_POINTS


def test_repeated_points_are_one(tmp_path: Path) -> None:
    assert only_point(tmp_path, track(point(), point()) + track(point())).latitude == 38.7


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (track(point("")), ["points_without_time"]),
        (track(point(""), point("<time/>")) * 2, ["points_without_time"] * 2),
        (track(point("<time>1970-01-01T00:00:00Z</time>")), ["points_without_time"]),
        (track(point("<time>1901-12-13T20:45:52.207Z</time>")), ["points_without_time"]),
        (track(point("<time>0001-01-01T00:00:00Z</time>")), ["points_without_time"]),
        (track(point("<time>9999-12-31T23:59:59-23:59</time>")), ["points_without_time"]),
        (track(point("<time>2026-11-01T10:00:00+99:99</time>")), ["points_without_time"]),
        (track(point("<time>tomorrow</time>")), ["points_without_time"]),
        ('<wpt lat="1" lon="1"/>', ["points_without_time"]),
        (track(), ["no_points"]),
        ("<rte><rtept lat='1' lon='1'><time>2026-11-01T10:00:00Z</time></rtept></rte>", ["route"]),
        (way_point("<type>Geocache|Traditional Cache</type>"), ["geocache"]),
        (way_point("<type> geocache </type>"), ["geocache"]),
        (way_point("<type>Waypoint|Parking Area</type>"), ["geocache"]),
        (way_point("<groundspeak:cache id='1' xmlns:groundspeak='x'/>"), ["geocache"]),
        (
            way_point("<extensions><o:icon>star</o:icon><o:background>circle</o:background></extensions>"),
            ["saved_place"],
        ),
        (way_point("<extensions><g:cache/></extensions>") * 2, ["geocache"] * 2),
    ],
)
def test_what_belongs_to_no_day_is_skipped(tmp_path: Path, body: str, reasons: list[str]) -> None:
    assert read(GPX, gpx(tmp_path, body)) == [Refused(reason, Outcome.SKIPPED) for reason in reasons]


@pytest.mark.parametrize("kind", ["Waypoint", "Restaurant", "Geocaching trip"])
def test_other_way_points_are_places_where_somebody_was(tmp_path: Path, kind: str) -> None:
    body = way_point(f"<type>{kind}</type>") + way_point("<type>Geocache</type>")
    refused, draft = read(GPX, gpx(tmp_path, body))
    assert refused == Refused("geocache", Outcome.SKIPPED)
    assert isinstance(draft, Draft)
    assert len(draft.arguments["points"]) == 1


@pytest.mark.parametrize(
    "at",
    [
        'lat="91" lon="0"',
        'lat="0" lon="-181"',
        'lat="nan" lon="0"',
        'lat="" lon=""',
        'lon="1"',
        'lat="x" lon="1e999"',
    ],
)
def test_points_without_a_place_are_refused_and_the_others_kept(tmp_path: Path, at: str) -> None:
    refused, draft = read(GPX, gpx(tmp_path, track(point(at=at), point(at=at), point())))
    assert refused == Refused("bad_points")
    assert isinstance(draft, Draft)


def test_points_of_a_track_that_alone_have_no_time_are_told(tmp_path: Path) -> None:
    refused, draft = read(GPX, gpx(tmp_path, track(point(), point(""))))
    assert refused == Refused("some_points_without_time", Outcome.SKIPPED)
    assert isinstance(draft, Draft)


@pytest.mark.parametrize(
    ("written_time", "moment"),
    [
        ("2026-11-01T10:00:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (" 2026-11-01 10:00:00Z\n", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T10:00:00.2073437Z", datetime(2026, 11, 1, 10, microsecond=207_343, tzinfo=UTC)),
        ("2026-11-01T10:00:00+05:30", datetime(2026, 11, 1, 10, tzinfo=timezone(timedelta(hours=5.5)))),
        ("2026-12-31T23:59:60Z", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_programs_write_them(tmp_path: Path, written_time: str, moment: datetime) -> None:
    found = only_point(tmp_path, track(point(f"<time>{written_time}</time>"))).recorded_at
    assert (found, found.utcoffset()) == (moment, moment.utcoffset())


def test_speed_and_course_of_any_version_and_accuracy_of_apple_are_kept(tmp_path: Path) -> None:
    when = "<time>2026-11-01T10:00:00Z</time>"
    old = only_point(
        tmp_path, track(point(f"<ele>5</ele>{when}<course>90.5</course><speed>1.5</speed><src>gps</src>"))
    )
    assert (old.altitude_m, old.speed_mps, old.heading_deg, old.sensor) == (5.0, 1.5, 90.5, Sensor.GPS)
    extended = only_point(
        tmp_path,
        track(
            point(
                f"{when}<extensions><x:TrackPointExtension><x:speed>2</x:speed></x:TrackPointExtension>"
                "<course>400</course><hAcc>8</hAcc><vAcc>x</vAcc></extensions>"
            )
        ),
    )
    assert (extended.speed_mps, extended.heading_deg) == (2.0, None)
    assert (extended.horizontal_accuracy_m, extended.vertical_accuracy_m) == (8.0, None)


@pytest.mark.parametrize(
    ("inside", "altitude"),
    [("<ele>abc</ele>", None), ("<fix>3D</fix><ele>7</ele>", 7.0), ("<sat>1.5</sat><ele>1e9</ele>", None)],
)
def test_wrong_value_beside_the_position_does_not_cost_the_point(
    tmp_path: Path, inside: str, altitude: float | None
) -> None:
    assert (
        only_point(tmp_path, track(point(f"<time>2026-11-01T10:00:00Z</time>{inside}"))).altitude_m
        == altitude
    )


def test_decimal_commas_are_read(tmp_path: Path) -> None:
    found = only_point(
        tmp_path, track(point("<time>2026-11-01T10:00:00Z</time><ele>1,5</ele>", 'lat="38,7" lon="-9,2"'))
    )
    assert (found.latitude, found.longitude) == (38.7, -9.2)
