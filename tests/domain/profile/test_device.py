"""How far a device is trusted, from pairing until it is gone."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.profile.device import Device
from domain.profile.device_terms import (
    Capability,
    DeviceCompromised,
    DeviceGone,
    DeviceKind,
    DeviceNotInUse,
    DeviceNotPairing,
    DeviceStatus,
    TrustLevel,
)
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from domain.shared.peers import Claim
from tests.domain.profile.devices import (
    KEY,
    PRINT,
    active,
    lost,
    pairing,
    rejected,
    retired,
    standing,
    state_of,
    topics,
)
from tests.domain.profile.hands import NOON, Hands

pytestmark = pytest.mark.usefixtures("hands")


def test_paired_device_is_unknown_until_confirmed() -> None:
    device = pairing(
        kind=DeviceKind.PHONE,
        manufacturer="Fairphone",
        model="5",
        os="Android",
        os_version="15",
        app_version="1.0",
        capabilities=(Capability.LOCATION, Capability.CAMERA, Capability.CAMERA),
        measures_for=("media", "location"),
    )
    assert topics(device) == ["device.paired"]
    assert standing(device) == (DeviceStatus.PAIRING, TrustLevel.UNKNOWN)
    assert (device.kind, device.manufacturer, device.model) == (DeviceKind.PHONE, "Fairphone", "5")
    assert (device.os, device.os_version, device.app_version) == ("Android", "15", "1.0")
    assert device.capabilities == (Capability.CAMERA, Capability.LOCATION)
    assert device.measures_for == ("location", "media")
    assert device.first_seen_at is None


def test_confirmed_device_is_recognised() -> None:
    device = active()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.RECOGNISED)
    assert (device.first_seen_at, device.last_seen_at) == (NOON, NOON)
    assert topics(device)[-1] == "device.pairing_confirmed"


def test_rejected_device_is_gone() -> None:
    device = rejected()
    assert standing(device) == (DeviceStatus.RETIRED, TrustLevel.UNKNOWN)
    assert (device.retire_reason, device.gone_at) == ("not mine", NOON)
    with pytest.raises(DeviceGone):
        device.confirm()


def test_pairing_ends_once() -> None:
    with pytest.raises(DeviceNotPairing):
        active().confirm()
    with pytest.raises(DeviceNotPairing):
        active().reject()


@pytest.mark.parametrize(
    "details", [{"fingerprint": "F" * 64}, {"fingerprint": "f" * 63}, {"measures_for": ("diary",)}]
)
def test_details_outside_their_range_are_refused(details: dict[str, Any]) -> None:
    command = commands_of(Device)["pair"]
    assert command.arguments(("phone",), {"fingerprint": PRINT, "measures_for": ("location",)})
    with pytest.raises(InvalidInput):
        command.arguments(("phone",), details)


def test_device_is_renamed_by_another_name() -> None:
    device = active()
    device.rename("Ada's phone")
    device.rename("Old phone")
    assert (device.name, topics(device)[2:]) == ("Old phone", ["device.renamed"])


def test_trust_is_given_and_withdrawn_once() -> None:
    device = active()
    device.trust()
    device.trust()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.TRUSTED)
    device.distrust("lent")
    device.distrust("lent")
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.UNKNOWN)
    assert device.distrust_reason == "lent"
    assert topics(device)[2:] == ["device.trusted", "device.distrusted"]
    device.trust()
    assert device.distrust_reason == ""


def test_compromised_device_is_never_trusted_again() -> None:
    device = active()
    device.distrust("malware", compromised=True)
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.COMPROMISED)
    with pytest.raises(DeviceCompromised):
        device.trust()
    device.distrust()
    device.report_lost()
    device.report_found()
    assert standing(device) == (DeviceStatus.ACTIVE, TrustLevel.COMPROMISED)


def test_distrusted_device_may_turn_out_compromised() -> None:
    device = active()
    device.distrust()
    device.distrust(compromised=True)
    assert device.trust_level is TrustLevel.COMPROMISED


def test_fingerprint_is_claimed_until_the_device_is_gone() -> None:
    assert pairing().claims == frozenset()
    claim = Claim("device.fingerprint", PRINT)
    assert pairing(fingerprint=PRINT).claims == lost().claims == {claim}


def test_device_is_not_shown_in_a_traceback() -> None:
    assert "Ada" not in repr(active())


def test_events_tell_the_whole_story(hands: Hands) -> None:
    device = active(fingerprint=PRINT, measures_for=("location",), capabilities=(Capability.CAMERA,))
    device.rename("Old phone")
    device.trust()
    device.distrust("lent")
    hands.pass_days(1)
    device.see(ip_prefix="192.0.2.0/24", country="AT")
    device.update_software(os="Android")
    hands.pass_days(90)
    device.deactivate()
    device.see()
    device.report_lost()
    device.report_found()
    device.trash("drawer")
    device.restore()
    device.report_lost()
    device.wipe()
    for each in (device, retired(), rejected()):
        folded: Any = None
        for event in each.pending_events:
            stored = TypeAdapter(type(event)).dump_json(event)
            folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
        assert state_of(folded) == state_of(each)


def test_key_of_a_device_in_use_is_claimed_until_it_is_gone() -> None:
    with pytest.raises(DeviceNotInUse):
        pairing().register_key(KEY)
    device = active(fingerprint=PRINT)
    device.register_key(KEY)
    device.register_key(KEY)
    assert device.version == 3
    assert device.claims == {Claim("device.public_key", KEY), Claim("device.fingerprint", PRINT)}
    device.retire()
    assert device.claims == frozenset()


@pytest.mark.parametrize("key", ["", "pQECAyYgASFY", "a" * 2049, "a b" * 8, "a+/=" * 8])
def test_key_is_written_in_base64url(key: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Device)["register_key"].arguments((key,), {})
