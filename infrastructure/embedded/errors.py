"""What can go wrong with the servers of a data directory.

LifeledgerError
└── EmbeddedServerError
    ├── DataDirectoryUnreachable
    ├── ServerDidNotStart
    ├── ServerDidNotStop
    └── ServersNotStarted

Their messages name folders and files, never data.
"""

from __future__ import annotations

from domain.shared.errors import LifeledgerError


class EmbeddedServerError(LifeledgerError):
    """The servers of a data directory cannot do what was asked."""


class DataDirectoryUnreachable(EmbeddedServerError):
    """A folder that the servers need is closed to the account they run as."""


class ServerDidNotStart(EmbeddedServerError):
    """PostgreSQL or Redis does not answer in the time given, or cannot be started at all."""


class ServerDidNotStop(EmbeddedServerError):
    """The servers are still running after the time given."""


class ServersNotStarted(EmbeddedServerError):
    """An address was asked for before start()."""
