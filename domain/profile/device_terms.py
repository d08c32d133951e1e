"""The words of a device: what it is, how far it is trusted, and the rules that may be broken."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field, Strict, StringConstraints

from domain.catalogue import KINDS
from domain.shared.errors import IllegalTransition
from domain.shared.values import Line

UNSEEN_LIMIT = timedelta(days=90)
"""A device unseen for so long is inactive."""

_COARSE = {4: 24, 6: 48}


def _coarse(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError("must be an IP network") from None
    if network.prefixlen > _COARSE[network.version]:
        raise ValueError("must be an IP network of /24 (IPv4) or /48 (IPv6), or larger")
    return str(network)


def _known_kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError("must be the name of a kind of record")
    return name


def _reference(text: str) -> str:
    if text.strip().lower().startswith(("https:", "http:")):  # as a Web Push subscription has it (RFC 8030)
        raise ValueError("must name where the address is kept, not the address")
    return text


IpPrefix = Annotated[str, StringConstraints(max_length=64), AfterValidator(_coarse)]
"""A network too large to name one device: 192.0.2.0/24 or 2001:db8::/48."""

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A keyed digest of what marks the device, in lower-case hexadecimal; the caller makes it."""

CoseKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,2048}$")]
"""A public key as a COSE_Key (RFC 9052), written in base64url without padding, as WebAuthn gives it."""

EndpointRef = Annotated[Line, Field(min_length=1), AfterValidator(_reference)]
"""The name of a secret in the store that another program keeps it in; an address of the web is refused."""

SyncCursor = Annotated[Line, Field(min_length=1)]
"""Where a sync goes on, in words of the program that syncs."""

MeasuredKind = Annotated[str, AfterValidator(_known_kind)]
"""A kind of record the device feeds: ``health_record``."""


class DeviceKind(StrEnum):
    PHONE = "phone"
    TABLET = "tablet"
    LAPTOP = "laptop"
    DESKTOP = "desktop"
    WATCH = "watch"
    TV = "tv"
    CAMERA = "camera"
    SCALE = "scale"
    TRACKER = "tracker"
    SENSOR = "sensor"
    BROWSER = "browser"
    SERVER = "server"
    VEHICLE = "vehicle"
    OTHER = "other"


class TrustLevel(StrEnum):
    UNKNOWN = "unknown"
    RECOGNISED = "recognised"
    TRUSTED = "trusted"
    COMPROMISED = "compromised"


class DeviceStatus(StrEnum):
    PAIRING = "pairing"
    ACTIVE = "active"
    INACTIVE = "inactive"
    LOST = "lost"
    WIPED = "wiped"
    RETIRED = "retired"


GONE = frozenset({DeviceStatus.WIPED, DeviceStatus.RETIRED})
IN_USE = frozenset({DeviceStatus.ACTIVE, DeviceStatus.INACTIVE})


class PushPlatform(StrEnum):
    """By whom messages reach a device."""

    WEBPUSH = "webpush"
    APNS = "apns"
    FCM = "fcm"


class PushStatus(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"


class Capability(StrEnum):
    CAMERA = "camera"
    LOCATION = "location"
    HEALTH = "health"
    NOTIFICATIONS = "notifications"
    OFFLINE_STORE = "offline_store"


Capabilities = Annotated[tuple[Capability, ...], Strict(strict=False), Field(max_length=len(Capability))]


class DeviceGone(IllegalTransition):
    """The device is wiped or retired; pair it anew."""


class DeviceNotPairing(IllegalTransition):
    """The device is not being paired."""


class DeviceNotInUse(IllegalTransition):
    """The device is being paired or is lost."""


class DeviceNotLost(IllegalTransition):
    """The device is not reported lost."""


class DeviceCompromised(IllegalTransition):
    """The device is compromised; wipe it and pair it anew."""


class DeviceSeenLately(IllegalTransition):
    """The device was seen within the last 90 days."""
