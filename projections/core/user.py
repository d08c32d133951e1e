"""What can be asked of people."""

from __future__ import annotations

from domain.core.user import User
from projections.record_table import RecordTable
from projections.timeline import Moment, on_timeline
from projections.view import View


def _moment(user: User) -> Moment:
    return Moment(user.created_on, user.display_name or user.username, user.status.value)


VIEW = View(User, RecordTable(User, "users"), derived=(on_timeline(_moment),))
