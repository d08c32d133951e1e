"""The receipt of an erasure: what was asked, what was done, when, and how it was verified; it names nobody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infrastructure.erasure.journal import Erasure
from infrastructure.erasure.signing import Signer

FORMAT = "lifeledger erasure receipt 1"


def receipt_of(
    store_id: UUID, erasure: Erasure, signer: Signer, *, unrecoverable_at: str | None = None
) -> dict[str, Any]:
    """Return the signed receipt of an erasure whose steps are done.

    ``unrecoverable_at`` is when the root key was destroyed that could have opened the erased keys in an old
    backup of the keys database.
    """
    asked, scope, keys = erasure.request, erasure.scope, erasure.steps["keys"]
    document = {
        "format": FORMAT,
        "store_id": str(store_id),
        "erasure_id": str(erasure.id),
        "number": erasure.file_number,
        "subject_id": str(asked.subject_id),
        "grain": asked.grain,
        "kind": asked.kind or None,
        "period": asked.period or None,
        "record_ids": sorted(map(str, asked.record_ids)),
        "follows": str(asked.follows) if asked.follows else None,
        "requested_by": str(asked.requested_by),
        "requested_at": asked.requested_at.isoformat(),
        "grounds": asked.grounds,
        "erased_at": keys["at"],
        "unrecoverable_at": unrecoverable_at,
        "kinds": erasure.kinds,
        "kept": sorted(map(str, scope.kept)) if scope else [],
        "held_until": erasure.steps["scope"]["held_until"],
        "fingerprints": keys["fingerprints"],
        "epoch": keys["epoch"],
        "steps": {
            name: {
                key: value
                for key, value in done.items()
                if key not in {"fingerprints", "held_until", "kinds"}
            }
            for name, done in erasure.steps.items()
        },
        "verification": erasure.steps["verification"],
        "public_key": signer.public_key,
    }
    return signer.signed(document)


def summary_of(erasure: Erasure) -> dict[str, Any]:
    """Return what an erasure is and how far it has come, for a list."""
    asked = erasure.request
    return {
        "erasure_id": asked.erasure_id,
        "subject_id": asked.subject_id,
        "grain": asked.grain,
        "kind": asked.kind or None,
        "period": asked.period or None,
        "record_ids": sorted(asked.record_ids),
        "follows": asked.follows,
        "requested_at": asked.requested_at,
        "grounds": asked.grounds,
        "step": "done" if erasure.done else erasure.step,
        "records": sum(each["records"] for each in erasure.kinds.values()),
        "events": sum(each["events"] for each in erasure.kinds.values()),
    }
