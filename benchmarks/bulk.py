"""Import of parsed records, durable: drafts through commands, encryption and COPY."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

from benchmarks.bench import Bench, Figure, alternating
from infrastructure.importers.batch import BATCH_DRAFTS, Intake
from infrastructure.importers.draft import Draft

COUNT = 5000


def run(bench: Bench) -> list[Figure]:
    me = bench.person()
    numbers = count()

    def drafts() -> list[Draft]:
        return [
            Draft(
                "task", "create", f"uid-{next(numbers)}",
                {"title": f"Task {number}", "notes": "x" * 300, "due": date(2026, 1, 1) + timedelta(days=number % 365)},
                update="refresh",
            )
            for number in range(COUNT)
        ]  # fmt: skip

    def take(listed: list[Draft]) -> None:
        intake = Intake(me, "bench")
        for start in range(0, COUNT, BATCH_DRAFTS):
            intake.take(listed[start : start + BATCH_DRAFTS])

    known = drafts()
    take(known)
    imported, repeated = alternating(COUNT, lambda: take(drafts()), lambda: take(known), rounds=3)
    return [
        Figure("import of parsed records, new", imported, "events/s", 10_000),
        Figure("import of parsed records, all known", repeated, "records/s", 10_000),
    ]
