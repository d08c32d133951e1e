"""How an account is protected, and when it may not be changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.core.user import User
from domain.core.user_terms import Mfa, NoRecoveryCode, UserLocked, UserNotLocked, UserStatus, UserSuspended
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput
from tests.domain.core.users import active, topics


def test_second_factor_brings_recovery_codes_which_are_used_up() -> None:
    user = active()
    user.disable_mfa()
    user.enable_mfa(Mfa.TOTP)
    user.enable_mfa(Mfa.TOTP)
    assert (user.mfa, user.recovery_codes_left) == (Mfa.TOTP, 10)
    for _ in range(10):
        user.use_recovery_code()
    with pytest.raises(NoRecoveryCode):
        user.use_recovery_code()
    user.regenerate_recovery_codes()
    assert user.recovery_codes_left == 10
    user.disable_mfa()
    assert (user.mfa, user.recovery_codes_left) == (Mfa.NONE, 0)
    with pytest.raises(NoRecoveryCode):
        user.regenerate_recovery_codes()


def test_no_second_factor_is_none_to_enable() -> None:
    with pytest.raises(InvalidInput):
        commands_of(User)["enable_mfa"].arguments((Mfa.NONE,), {})


def test_quota_is_set_once_and_taken_away() -> None:
    user = active()
    user.set_storage_quota(None)
    user.set_storage_quota(10**9)
    user.set_storage_quota(10**9)
    quota = user.storage_quota_bytes
    user.set_storage_quota(None)
    assert (quota, user.storage_quota_bytes) == (10**9, None)
    assert topics(user)[2:] == ["user.storage_quota_set", "user.storage_quota_set"]


@pytest.mark.parametrize(
    "change",
    [
        lambda user: user.change_email("new@example.org"),
        lambda user: user.rename("Eve"),
        lambda user: user.enable_mfa(Mfa.WEBAUTHN),
    ],
)
def test_locked_account_is_not_changed_until_it_is_unlocked(change: Callable[[User], None]) -> None:
    user = active()
    user.lock("five wrong passwords")
    assert (user.status, user.lock_reason) == (UserStatus.LOCKED, "five wrong passwords")
    with pytest.raises(UserLocked):
        change(user)
    user.unlock()
    assert (user.status, user.locked_at, user.lock_reason) == (UserStatus.ACTIVE, None, "")
    change(user)


def test_locking_and_unlocking_twice_is_refused() -> None:
    user = active()
    with pytest.raises(UserNotLocked):
        user.unlock()
    user.lock()
    with pytest.raises(UserLocked):
        user.lock()


def test_unlocking_ends_no_suspension_and_locking_keeps_no_right_away() -> None:
    user = active()
    user.lock()
    user.unlock()
    user.suspend("complaint")
    user.lock()
    user.restrict_processing()
    user.unlock()
    assert user.status is UserStatus.SUSPENDED
    with pytest.raises(UserSuspended):
        user.rename("Eve")
