"""What a record says of other records: which it names, what it claims before them, how a command looks at them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

from domain.shared.errors import PeerUnusable

if TYPE_CHECKING:
    from domain.shared.record import Record

R = TypeVar("R", bound="Record")


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that only one record may hold at a time: one of the person's, or one of all.

    The ledger keeps claims as keyed hashes and checks them in the transaction that appends the events.
    """

    scope: str
    value: str
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class PeerRef:
    """Another record of the same person by its id; of whatever kind where ``kind`` is empty."""

    kind: str
    id: UUID


class Peers(Protocol):
    """The other records of the same person, as a command may look at them.

    What a command has seen becomes the read set of its append: it fails with a conflict when one of them
    changes, or one it has missed comes, before the command's own events are stored.
    """

    def get(self, kind: type[R], record_id: UUID) -> R | None:
        """Return the record as it stands in the ledger, or None."""

    def get_all(self, kind: type[R], record_ids: Collection[UUID]) -> tuple[R, ...]:
        """Return those of the records that there are, in the order of the ids; asked for together, not one by one."""

    def holders(self, kind: type[R], claims: Collection[Claim]) -> tuple[R, ...]:
        """Return the records that hold any of these claims, which are not among those held among all people."""

    def add(self, record: Record) -> None:
        """Take in a record that a command makes besides its own; both are stored, or neither."""


class NoPeers:
    """No other records: for a record used by itself."""

    def get(self, kind: type[R], record_id: UUID) -> R | None:  # noqa: ARG002 - the port's signature
        """Return None."""
        return None

    def get_all(self, kind: type[R], record_ids: Collection[UUID]) -> tuple[R, ...]:  # noqa: ARG002 - see get
        """Return nothing."""
        return ()

    def holders(self, kind: type[R], claims: Collection[Claim]) -> tuple[R, ...]:  # noqa: ARG002 - see get
        """Return nothing."""
        return ()

    def add(self, record: Record) -> None:
        """Let the record go: there is nobody to store it."""


def usable_peer(peers: Peers, kind: type[R], record_id: UUID) -> R:
    """Return a living record of the same person; raise PeerUnusable where it is missing or trashed."""
    peer = peers.get(kind, record_id)
    if peer is None or peer.deleted_at is not None:
        raise PeerUnusable
    return peer


def require_usable(peers: Peers, kind: type[R], record_ids: Collection[UUID]) -> None:
    """Raise PeerUnusable unless each of these is a living record of the same person; no id may come twice."""
    found = peers.get_all(kind, record_ids)
    if len(found) < len(record_ids) or any(each.deleted_at is not None for each in found):
        raise PeerUnusable


def peer_refs(kind: str, *record_ids: UUID | None) -> frozenset[PeerRef]:
    """Return references to those records of a kind that are named at all."""
    return frozenset(PeerRef(kind, each) for each in record_ids if each is not None)
