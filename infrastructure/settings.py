"""Settings, read once from the environment (LIFELEDGER_*) and passed down from the composition root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from infrastructure.data_dir import default_data_dir, is_closed_to_root
from infrastructure.errors import ConfigurationError

_MILLENNIUM_HOURS = 8_760_000.0  # what is longer leads out of the calendar
_MILLENNIUM_DAYS = _MILLENNIUM_HOURS / 24
_LONGEST_TIMEOUT = 2_147_483.0  # seconds; PostgreSQL counts milliseconds in 31 bits


def _own_data_dir() -> Path:
    folder = default_data_dir()
    if folder is None:
        msg = "there is no home folder to keep a store in; set LIFELEDGER_DATA_DIR"
        raise ConfigurationError(msg)
    return Path(folder)


class Settings(BaseModel):
    """Every setting there is; see the table in the README."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - the fields below
        """Take what is given, else what the environment says, else the defaults; an empty variable says nothing.

        Raises ConfigurationError, which names all that is wrong, and no value: it may be a secret. So it does for
        root in somebody else's data directory, before anything is written there.
        """
        variables = {name: f"LIFELEDGER_{name.upper()}" for name in type(self).model_fields}
        found = {name: said for name, variable in variables.items() if (said := os.environ.get(variable))}
        try:
            super().__init__(**(found | given))
        except ValidationError as error:
            named = variables | {name: name for name in given}
            msg = "; ".join(
                _fault(each["type"], named[str(each["loc"][0])], each["msg"]) for each in error.errors()
            )
            raise ConfigurationError(msg) from None
        if is_closed_to_root(str(self.data_dir)):
            msg = (
                f"{self.data_dir} belongs to another user: run lifeledger as that user and not as root, "
                "or give the folder to root (chown)"
            )
            raise ConfigurationError(msg)

    data_dir: Path = Field(default_factory=_own_data_dir)
    """Where the embedded servers, the root key and the local blobs live."""

    ledger_url: SecretStr | None = None
    """PostgreSQL of the ledger; the embedded server where it is not set."""

    keys_url: SecretStr | None = None
    """PostgreSQL of the keys; a second database beside the ledger's where it is not set."""

    read_url: SecretStr | None = None
    """PostgreSQL of the read models; the ledger's where it is not set."""

    redis_url: SecretStr | None = None
    """Redis; the embedded server, or none where ledger_url is set."""

    blob_url: str | None = None
    """Object store of large content (s3://…, gs://…, file://…); a folder of data_dir where it is not set."""

    erasure_file: Path | None = None
    """The file of all erasures; data_dir/erasures/erasures.jsonl where it is not set. Share it among all machines."""

    erasure_copy: Path | None = None
    """A second place for the same lines, such as another disk."""

    backup_url: str | None = None
    """Where backups go (a folder, s3://…, gs://…, file://…); data_dir/backups with the embedded servers."""

    backup_every_hours: float = Field(24.0, ge=0, le=_MILLENNIUM_HOURS)
    """How often a worker makes a backup; 0 for never."""

    backup_keep_days: float = Field(30.0, ge=0, le=_MILLENNIUM_DAYS)
    """How long a worker keeps backups."""

    backup_content: bool = True
    """Whether large content is copied with a backup; off where its object store has copies of its own."""

    root_key: SecretStr | None = None
    """The root key, 32 bytes in base64; a 0600 file in data_dir/keys where no other setting says otherwise."""

    root_key_previous: SecretStr | None = None
    """The root key before root_key, from when it is replaced until ``lifeledger keys rotate`` is done with it."""

    root_key_kms: str | None = None
    """The id, alias or ARN of an AWS KMS key that wraps the root keys; needs the extra ``aws``."""

    root_passphrase: SecretStr | None = None
    """A passphrase that wraps the root keys, for a machine that is carried about."""

    rotate_after_hours: float = Field(24.0, ge=0, le=_MILLENNIUM_HOURS)
    """How long after an erasure the root key is replaced, so that no old key backup opens what was erased."""

    read_tables: Literal["unlogged", "logged"] = "unlogged"
    """Logged read tables survive a crash but leave plaintext in WAL and backups; see docs/privacy.md."""

    read_schema: str | None = None
    """Name of a store of an earlier moment (lifeledger rebuild --as-of … --into NAME) to ask instead of the present."""

    project_in_process: bool | None = None
    """Whether open_store() projects in a thread of its own; by default where the servers are embedded."""

    idle_minutes: float = Field(15.0, ge=0)
    """After how long without a client the embedded servers stop."""

    standby: bool = True
    """Whether commands start a process that answers the next quick ones faster; embedded servers only."""

    cache_ttl_seconds: int = Field(3600, ge=1)
    """How long an answer may stay in Redis at the longest."""

    statement_timeout_seconds: float = Field(30.0, ge=0.001, le=_LONGEST_TIMEOUT)
    """After how long PostgreSQL gives up a statement."""

    @property
    def embedded(self) -> bool:
        """Whether lifeledger runs PostgreSQL itself."""
        return self.ledger_url is None

    @property
    def backup_place(self) -> str | None:
        """Where backups go, if anywhere."""
        if self.backup_url is None and self.embedded:
            return str(self.data_dir / "backups")
        return self.backup_url


def plain(secret: SecretStr | None) -> str | None:
    """Return what a secret setting says, None where it is not set."""
    return secret.get_secret_value() if secret is not None else None


def _fault(code: str, name: str, message: str) -> str:
    """Say what is expected of a setting, in the words of pydantic, which repeat nothing of what was given."""
    if code == "extra_forbidden":
        return f"there is no setting {name}"
    if code == "bool_parsing":
        return f"{name} must be true or false"
    return f"{name} must be {message.removeprefix('Input should be ').partition(',')[0]}"
