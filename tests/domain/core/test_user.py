"""What a person with an account may do, and what stays theirs while the account is suspended or closing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.core.user import User, consents_to, restricts
from domain.core.user_terms import (
    BornInFuture,
    NotOneself,
    PreferredCurrency,
    PreferredFirstDay,
    PreferredQuietHours,
    PreferredTheme,
    PreferredUnits,
    QuietHours,
    QuietHoursEmpty,
    Theme,
    Units,
    UserClosing,
    UserNotClosing,
    UserNotSuspended,
    UserStatus,
    UserSuspended,
)
from domain.shared.commands import commands_of
from domain.shared.errors import DomainError, InvalidInput
from domain.shared.peers import Claim
from domain.shared.record import Origin, state_fields
from domain.shared.values import new_id
from tests.domain.core.users import NOON, TEXT, active, registered, topics
from tests.identifiers import without_ids

pytestmark = pytest.mark.usefixtures("at_noon")


def suspended() -> User:
    user = active()
    user.suspend("abuse")
    return user


def closing() -> User:
    user = active()
    user.request_closure()
    return user


def status_of(user: User) -> UserStatus:
    return user.status


def state_of(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in (*state_fields(User), "version")}


def test_registered_person_waits_for_verification() -> None:
    user = registered(
        display_name="Ada",
        locale="de-AT",
        timezone="Europe/Vienna",
        country="AT",
        date_of_birth=date(1990, 12, 10),
    )
    assert topics(user) == ["user.registered"]
    assert (user.username, user.email, user.display_name) == ("ada", "ada@example.org", "Ada")
    assert (user.locale, user.timezone, user.country) == ("de-AT", "Europe/Vienna", "AT")
    assert user.date_of_birth == date(1990, 12, 10)
    assert status_of(user) is UserStatus.PENDING_VERIFICATION


def test_nobody_registers_another_person_among_their_own_records() -> None:
    with pytest.raises(NotOneself):
        User.register(Origin(new_id()), "ada", "ada@example.org")


def test_nobody_is_born_in_the_future() -> None:
    assert registered(date_of_birth=NOON.date()).date_of_birth == NOON.date()
    with pytest.raises(BornInFuture):
        registered(date_of_birth=NOON.date() + timedelta(days=1))


@pytest.mark.parametrize("username", ["Ada", "", "a b", "-ada", "ada\n", "a" * 65, "ädä", "a:b"])
def test_username_is_plain_lower_case(username: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(User)["register"].arguments((username, "ada@example.org"), {})


def test_username_and_address_are_claimed_among_all() -> None:
    assert registered().claims == {
        Claim("user.username", "ada", everywhere=True),
        Claim("user.email", "ada@example.org", everywhere=True),
    }


@pytest.mark.parametrize(
    "written", ["J\u00fcrg@Example.ORG", "Ju\u0308rg@example.org", "JU\u0308RG@example.org"]
)
def test_addresses_that_look_alike_claim_the_same(written: str) -> None:
    user = active()
    user.change_email(written)
    assert user.email == written
    assert Claim("user.email", "j\u00fcrg@example.org", everywhere=True) in user.claims


def test_verified_address_makes_the_account_active_once() -> None:
    user = registered()
    user.verify_email()
    user.verify_email()
    assert topics(user) == ["user.registered", "user.email_verified"]
    assert status_of(user) is UserStatus.ACTIVE
    assert user.email_verified_at == NOON


def test_changed_address_must_be_verified_again() -> None:
    user = active()
    user.change_email("ada@example.com")
    assert user.email_verified_at is None
    assert status_of(user) is UserStatus.PENDING_VERIFICATION
    user.verify_email()
    assert status_of(user) is UserStatus.ACTIVE


def test_details_change_by_their_own_verbs() -> None:
    user = active()
    user.rename("Ada L.")
    user.change_locale("fr")
    user.change_timezone("Europe/Paris")
    assert topics(user)[2:] == ["user.renamed", "user.locale_changed", "user.timezone_changed"]
    assert (user.display_name, user.locale, user.timezone) == ("Ada L.", "fr", "Europe/Paris")


NOTHING_NEW: list[Callable[[User], None]] = [
    lambda user: user.change_email("ada@example.org"),
    lambda user: user.rename("Ada"),
    lambda user: user.change_locale("en"),
    lambda user: user.change_timezone("UTC"),
    lambda user: user.set_preference(PreferredFirstDay(1)),
    lambda user: user.lift_restriction("task"),
]


@pytest.mark.parametrize("command", NOTHING_NEW)
def test_command_that_changes_nothing_leaves_no_event(command: Callable[[User], None]) -> None:
    user = registered(display_name="Ada")
    command(user)
    assert topics(user) == ["user.registered"]


def test_each_preference_is_set_by_itself() -> None:
    user = active()
    hours = QuietHours(time(22), time(7))
    user.set_preference(PreferredTheme(Theme.DARK))
    user.set_preference(PreferredFirstDay(7))
    user.set_preference(PreferredUnits(Units.IMPERIAL))
    user.set_preference(PreferredCurrency("CHF"))
    user.set_preference(PreferredQuietHours(hours))
    assert topics(user)[2:] == ["user.preference_set"] * 5
    liked = user.preferences
    assert (liked.theme, liked.first_day_of_week, liked.units) == (Theme.DARK, 7, Units.IMPERIAL)
    assert (liked.default_currency, liked.quiet_hours) == ("CHF", hours)
    user.set_preference(PreferredQuietHours(None))
    user.set_preference(PreferredCurrency(None))
    assert (user.preferences.default_currency, user.preferences.quiet_hours) == (None, None)


def test_quiet_hours_last_some_time() -> None:
    with pytest.raises(QuietHoursEmpty):
        active().set_preference(PreferredQuietHours(QuietHours(time(22), time(22))))


def test_preference_is_named_by_its_field() -> None:
    command = commands_of(User)["set_preference"]
    body = '{"preference": {"quiet_hours": {"start": "22:00", "end": "07:00"}}}'
    assert command.arguments_from_json(body) == {
        "preference": PreferredQuietHours(QuietHours(time(22), time(7)))
    }
    assert command.arguments_from_json('{"preference": {"theme": "dark"}}') == {
        "preference": PreferredTheme(Theme.DARK)
    }


@pytest.mark.parametrize(
    "preference",
    [
        '{"first_day_of_week": 8}',
        '{"theme": "dark", "units": "metric"}',
        '{"quiet_hours": {"start": "22:00Z", "end": "07:00Z"}}',
        "{}",
    ],
)
def test_preference_outside_its_range_is_refused(preference: str) -> None:
    with pytest.raises(InvalidInput):
        commands_of(User)["set_preference"].arguments_from_json(f'{{"preference": {preference}}}')


def test_closure_leaves_thirty_days_to_think() -> None:
    user = active()
    user.request_closure()
    assert (status_of(user), user.closing_due_at) == (UserStatus.CLOSING, NOON + timedelta(days=30))
    user.cancel_closure()
    assert (status_of(user), user.closing_due_at) == (UserStatus.ACTIVE, None)
    assert topics(user)[2:] == ["user.closure_requested", "user.closure_cancelled"]


def test_closure_may_come_sooner() -> None:
    user = active()
    user.request_closure(grace_days=1)
    assert user.closing_due_at == NOON + timedelta(days=1)


def test_closure_is_requested_once_and_cancelled_only_then() -> None:
    with pytest.raises(UserClosing):
        closing().request_closure()
    with pytest.raises(UserNotClosing):
        active().cancel_closure()


def test_suspension_is_lifted_by_reinstatement() -> None:
    user = suspended()
    assert (user.status, user.suspension_reason) == (UserStatus.SUSPENDED, "abuse")
    assert user.suspended_at == NOON
    user.reinstate()
    assert (user.status, user.suspension_reason) == (UserStatus.ACTIVE, "")
    assert topics(user)[2:] == ["user.suspended", "user.reinstated"]
    with pytest.raises(UserNotSuspended):
        user.reinstate()


def test_closure_is_no_way_out_of_a_suspension() -> None:
    user = suspended()
    user.request_closure()
    user.cancel_closure()
    assert status_of(user) is UserStatus.SUSPENDED


def test_verification_is_no_way_out_of_a_suspension() -> None:
    user = registered()
    user.suspend()
    user.verify_email()
    assert status_of(user) is UserStatus.SUSPENDED
    user.reinstate()
    assert status_of(user) is UserStatus.ACTIVE


def test_reinstated_account_that_is_closing_goes_on_closing() -> None:
    user = suspended()
    user.request_closure()
    user.reinstate()
    assert status_of(user) is UserStatus.CLOSING


NEEDS_GOOD_STANDING: list[Callable[[User], None]] = [
    lambda user: user.change_email("ada@example.com"),
    lambda user: user.rename("Ada"),
    lambda user: user.change_locale("fr"),
    lambda user: user.change_timezone("Europe/Paris"),
    lambda user: user.set_preference(PreferredTheme(Theme.DARK)),
    lambda user: user.give_consent("newsletter", version="1", text_sha256=TEXT),
    lambda user: user.suspend(),
]


@pytest.mark.parametrize("command", NEEDS_GOOD_STANDING)
@pytest.mark.parametrize(("make", "error"), [(suspended, UserSuspended), (closing, UserClosing)])
def test_suspended_or_closing_account_changes_nothing(
    make: Callable[[], User], error: type[DomainError], command: Callable[[User], None]
) -> None:
    user = make()
    before = topics(user)
    with pytest.raises(error):
        command(user)
    assert topics(user) == before


@pytest.mark.parametrize("make", [suspended, closing])
def test_rights_are_kept_in_any_standing(make: Callable[[], User]) -> None:
    user = make()
    user.restrict_processing("task")
    assert restricts(user, "task")
    user.lift_restriction("task")
    assert not restricts(user, "task")


def test_suspended_person_may_withdraw_consent() -> None:
    user = active()
    user.give_consent("newsletter", version="1", text_sha256=TEXT)
    user.suspend()
    user.withdraw_consent("newsletter")
    assert not consents_to(user, "newsletter")


def test_events_tell_the_whole_story() -> None:
    user = registered(display_name="Ada")
    user.verify_email()
    user.change_email("ada@example.com")
    user.rename("Ada L.")
    user.change_locale("fr")
    user.change_timezone("Europe/Paris")
    user.set_preference(PreferredQuietHours(QuietHours(time(22), time(7))))
    user.set_preference(PreferredCurrency(None))
    user.set_preference(PreferredCurrency("EUR"))
    user.give_consent("newsletter", version="1", text_sha256=TEXT)
    user.withdraw_consent("newsletter")
    user.restrict_processing()
    user.restrict_processing("task")
    user.lift_restriction()
    user.suspend("abuse")
    user.request_closure()
    user.cancel_closure()
    user.reinstate()
    folded: Any = None
    for event in user.pending_events:
        stored = TypeAdapter(type(event)).dump_json(event)
        folded = TypeAdapter(type(event)).validate_json(stored).mutate(folded)
    assert state_of(folded) == state_of(user)


def test_person_is_not_shown_in_a_traceback() -> None:
    assert "ada" not in without_ids(repr(registered()))
