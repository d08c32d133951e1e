"""Commands that look after the keys: keys status, rotate, backup, restore."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infrastructure.bootstrap import open_keys
from infrastructure.cli.context import AsJson, DataDir, opened, require_store, settings_for
from infrastructure.cli.output import print_fields, print_json
from infrastructure.cli.prompting import typed_passphrase
from infrastructure.errors import ConfigurationError

if TYPE_CHECKING:
    from infrastructure.crypto.age_files import Identities, Passphrase, Recipients

PASSPHRASE = "LIFELEDGER_BACKUP_PASSPHRASE"  # noqa: S105 - the name of a variable

To = Annotated[
    list[str] | None,
    typer.Option("--to", help="Who may open it: a public key of age (age1…); may be repeated."),
]
Identity = Annotated[
    Path | None, typer.Option("--identity", help="The file of age-keygen that opens it; else a passphrase.")
]
Secret = Annotated[
    str | None, typer.Option(envvar=PASSPHRASE, hidden=True, help="Not to be given on a command line.")
]


def status(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Tell where the root key comes from, its epoch, how many keys live, and when it is to be replaced."""
    from infrastructure.crypto.key_status import key_status  # noqa: PLC0415 - only this command needs it

    settings = settings_for(data_dir)
    require_store(settings)
    with open_keys(settings) as keys:
        found = key_status(keys.pool, keys.roots, timedelta(hours=settings.rotate_after_hours))
    _show(asdict(found), as_json=as_json)


def rotate(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Replace the root key: afterwards no older copy of the keys database opens anything."""
    from infrastructure.crypto.rotation import rotate as rotate_keys  # noqa: PLC0415 - see status

    settings = settings_for(data_dir)
    require_store(settings)
    with open_keys(settings) as keys:
        rotated = rotate_keys(keys.pool, keys.roots)
    with opened(data_dir) as store:
        store.engine.care.key_care.date_receipts()
    _show(asdict(rotated), as_json=as_json)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; must not be there yet.")],
    *,
    to: To = None,
    without_root_keys: Annotated[
        bool, typer.Option("--without-root-keys", help="Leave out the root keys: it opens only beside them.")
    ] = False,
    passphrase: Secret = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the keys to a file in age's format, for named recipients or whoever knows a passphrase."""
    from infrastructure.crypto.age_files import Recipients  # noqa: PLC0415 - see status
    from infrastructure.crypto.key_backup import back_up  # noqa: PLC0415

    settings = settings_for(data_dir)
    require_store(settings)
    readers: Recipients | Passphrase = Recipients(to) if to else _passphrase(passphrase, "--to", confirm=True)
    with open_keys(settings) as keys:
        written = back_up(keys.pool, keys.roots, file, readers, root_keys=not without_root_keys)
    _show(asdict(written), as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that keys backup has written.")],
    *,
    identity: Identity = None,
    passphrase: Secret = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring the keys back into an empty keys database, without what was erased since."""
    from infrastructure.crypto.key_restore import restore as restore_keys  # noqa: PLC0415 - see status

    reader: Identities | Passphrase = (
        _identities(identity) if identity else _passphrase(passphrase, "--identity", confirm=False)
    )
    with open_keys(settings_for(data_dir)) as keys:
        restored = restore_keys(keys.pool, keys.roots, file, reader, keys.erasures)
        ledger_is_there = not keys.ledger_is_empty()
    if ledger_is_there:
        with opened(data_dir):
            pass  # what was erased since the backup is destroyed again before anything is served
    _show(asdict(restored), as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the program."""
    group = typer.Typer(help="Look after the keys: status, rotate, backup, restore.", no_args_is_help=True)
    for command in (status, rotate, backup, restore):
        group.command()(command)
    app.add_typer(group, name="keys")


def _passphrase(given: str | None, option: str, *, confirm: bool) -> Passphrase:
    from infrastructure.crypto.age_files import Passphrase  # noqa: PLC0415 - see status

    if given is None:
        given = typed_passphrase(instead=f"set {PASSPHRASE}, or give {option}", confirm=confirm)
    return Passphrase(given)


def _identities(file: Path) -> Identities:
    from infrastructure.crypto.age_files import Identities  # noqa: PLC0415 - see status

    try:
        return Identities(file.read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("the identity file cannot be read") from None


def _show(fields: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(fields)
    else:
        print_fields(fields)
