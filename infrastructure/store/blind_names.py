"""The keyed hashes that stand in the ledger for what nobody is to read there: claims, addresses, names at sources."""

from __future__ import annotations

from uuid import UUID

from domain.shared.peers import Claim
from domain.shared.values import address_key
from infrastructure.crypto.cipher import blind
from infrastructure.crypto.keyring import EVERYONE, KeyRing
from infrastructure.ledger.buckets import bucket_of, bucket_of_digest
from infrastructure.ledger.events import ClaimChange


def blind_address(keys: KeyRing, address: str) -> bytes:
    """Return an e-mail address as the index of all people's records keeps it."""
    return blind(keys.subject_secret(EVERYONE, "addresses"), "address", address_key(address))


def blind_claim(
    keys: KeyRing, subject_id: UUID, claim: Claim, record_id: UUID, *, taken: bool
) -> ClaimChange:
    """Return a claim as the ledger keeps it: a keyed hash, in a bucket of its own if all people share it."""
    digest = claim_digest(keys, subject_id, claim)
    bucket = bucket_of_digest(digest) if claim.everywhere else bucket_of(subject_id)
    return ClaimChange(bucket, digest, record_id, taken)


def claim_digest(keys: KeyRing, subject_id: UUID, claim: Claim) -> bytes:
    """Return the keyed hash of a claim."""
    secret = keys.subject_secret(EVERYONE if claim.everywhere else subject_id, "index")
    return blind(secret, "claim", claim.scope, claim.value)


def blind_source(secret: bytes, kind: str, platform: str, object_id: str) -> bytes:
    """Return the blind name of an imported thing under the person's ``index`` secret."""
    return blind(secret, "source", kind, platform, object_id)
