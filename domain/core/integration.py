"""A connection to an account elsewhere, from which records are imported."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.core.connection import standing
from domain.core.integration_terms import (
    AccountId,
    ConnectionKind,
    DataKinds,
    OnSourceDelete,
    ScheduleUnclear,
    Scope,
    SyncMinutes,
    SyncMode,
)
from domain.core.syncing import Syncing
from domain.shared.content import Content
from domain.shared.peers import Claim
from domain.shared.record import Origin
from domain.shared.values import Line, Many, Moment, Slug, as_set


@dataclass(frozen=True)
class Agreed:
    """What an integration is to be, whether or not the person has authorised it yet."""

    platform: str
    external_account_id: str
    kind: ConnectionKind
    external_account_label: str
    data_kinds: tuple[str, ...]
    scopes_required: tuple[str, ...]
    sync_mode: SyncMode
    sync_every_minutes: int | None
    on_source_delete: OnSourceDelete


class Integration(Syncing):
    """An account at a platform, as far as it is imported from.

    The secrets that open the account, and those by which it is authorised, are in a vault of their own and never in an event.
    """

    KIND: ClassVar[str] = "integration"
    REVERTIBLE = False

    platform: str
    external_account_id: str
    kind: ConnectionKind
    external_account_label: str = ""
    sync_mode: SyncMode = SyncMode.MANUAL
    sync_every_minutes: int | None = None
    on_source_delete: OnSourceDelete = OnSourceDelete.KEEP

    class Event(Syncing.Event):
        """Any event of an integration."""

    class Connected(Event, Content.Created, Agreed):
        TOPIC = "integration.connected"
        scopes_granted: tuple[str, ...]
        token_expires_at: datetime | None
        refresh_expires_at: datetime | None

    class ConnectStarted(Event, Content.Created, Agreed):
        TOPIC = "integration.connect_started"

        def apply(self, integration: Integration) -> None:
            integration.awaits_authorisation = True
            integration.status = standing(integration, self.timestamp)

    @classmethod
    def connect(
        cls,
        origin: Origin,
        platform: Slug,
        external_account_id: AccountId,
        *,
        kind: ConnectionKind,
        data_kinds: DataKinds,
        external_account_label: Line = "",
        scopes_granted: Many[Scope] = (),
        scopes_required: Many[Scope] = (),
        token_expires_at: Moment | None = None,
        refresh_expires_at: Moment | None = None,
        sync_mode: SyncMode = SyncMode.MANUAL,
        sync_every_minutes: SyncMinutes | None = None,
        on_source_delete: OnSourceDelete = OnSourceDelete.KEEP,
    ) -> Integration:
        """Begin with an account the person has authorised; the authorisation itself is not told."""
        _require_clear(sync_mode, sync_every_minutes)
        return cls._begin(
            origin,
            cls.Connected,
            platform=platform,
            external_account_id=external_account_id,
            kind=kind,
            external_account_label=external_account_label,
            data_kinds=as_set(data_kinds),
            scopes_granted=as_set(scopes_granted),
            scopes_required=as_set(scopes_required),
            token_expires_at=token_expires_at,
            refresh_expires_at=refresh_expires_at,
            sync_mode=sync_mode,
            sync_every_minutes=sync_every_minutes,
            on_source_delete=on_source_delete,
        )

    @classmethod
    def begin_connect(
        cls,
        origin: Origin,
        platform: Slug,
        external_account_id: AccountId,
        *,
        kind: ConnectionKind,
        data_kinds: DataKinds,
        external_account_label: Line = "",
        scopes_required: Many[Scope] = (),
        sync_mode: SyncMode = SyncMode.MANUAL,
        sync_every_minutes: SyncMinutes | None = None,
        on_source_delete: OnSourceDelete = OnSourceDelete.KEEP,
    ) -> Integration:
        """Begin with an account the person is about to authorise; ``complete_authorisation`` connects it."""
        _require_clear(sync_mode, sync_every_minutes)
        return cls._begin(
            origin,
            cls.ConnectStarted,
            platform=platform,
            external_account_id=external_account_id,
            kind=kind,
            external_account_label=external_account_label,
            data_kinds=as_set(data_kinds),
            scopes_required=as_set(scopes_required),
            sync_mode=sync_mode,
            sync_every_minutes=sync_every_minutes,
            on_source_delete=on_source_delete,
        )

    @property
    def claims(self) -> frozenset[Claim]:
        """An account is connected, or about to be, once."""
        if self.disconnected_at is not None:
            return frozenset()
        account = unicodedata.normalize("NFC", self.external_account_id)
        return frozenset({Claim("integration.account", f"{self.platform} {account}")})


def _require_clear(sync_mode: SyncMode, sync_every_minutes: int | None) -> None:
    if (sync_mode is SyncMode.SCHEDULED) != (sync_every_minutes is not None):
        raise ScheduleUnclear
