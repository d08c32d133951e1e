"""The table of a kind: one row a record, one typed column a field of its state.

The columns are read off the aggregate, so the table cannot drift from the domain; what a view adds is which
columns people may filter and order by, and with that the indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from operator import itemgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import AwareDatetime, NaiveDatetime, TypeAdapter

from domain.shared.json_text import json_of
from domain.shared.peers import NoPeers
from domain.shared.record import Record, Source, attach, restored, state_fields, subject_of
from projections.kept_back import is_kept_back, keeps_back, shown
from projections.table import BUCKET, SUBJECT, Column, Index, Sql, Table

_SCALARS: Mapping[Any, Sql] = {
    str: Sql.TEXT,
    bool: Sql.BOOLEAN,
    int: Sql.BIGINT,
    float: Sql.FLOAT,
    Decimal: Sql.NUMERIC,
    UUID: Sql.UUID,
    date: Sql.DATE,
    datetime: Sql.TIMESTAMPTZ,
    AwareDatetime: Sql.TIMESTAMPTZ,
    NaiveDatetime: Sql.TIMESTAMP,
}
_FIXED = (
    BUCKET,
    SUBJECT,
    Column("id", Sql.UUID, open=True, nullable=False),
    Column("version", Sql.BIGINT, open=True, nullable=False),
    Column("created_at", Sql.TIMESTAMPTZ, open=True, nullable=False),
    Column("updated_at", Sql.TIMESTAMPTZ, open=True, nullable=False),
    Column("source_platform", Sql.TEXT),
    Column("source_object_id", Sql.TEXT),
    Column("source_integration_id", Sql.UUID, open=True),
)
_TIMES = frozenset({Sql.DATE, Sql.TIMESTAMP, Sql.TIMESTAMPTZ})
ALWAYS_ORDERED_BY = ("created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of the state as a column."""

    name: str
    sql: Sql
    closed: bool
    enum: type[Enum] | None = None
    adapter: TypeAdapter[Any] | None = None
    sequence: bool = False
    partly: bool = False
    """Whether a part of the value is kept back."""

    @property
    def to_sql(self) -> Callable[[Any], Any] | None:
        """What makes a column's value of one that is not None; None where it is the same."""
        if self.adapter is not None:
            return _shown_json if self.partly else json_of
        if self.enum is not None:
            return _value_of
        return list if self.sequence else None

    @property
    def from_sql(self) -> Callable[[Any], Any] | None:
        """What makes the field's value of a column's that is not NULL; None where it is the same."""
        if self.adapter is not None:
            return self.adapter.validate_json
        if self.enum is not None:
            return {each.value: each for each in self.enum}.__getitem__
        return tuple if self.sequence else None


@dataclass(frozen=True)
class RecordTable:
    """The read table of a kind.

    ``filters`` are the columns a question may fix to a value, ``orders`` those it may sort by besides
    created_at and updated_at. Each order gets an index of living records, by itself and behind each filter.
    """

    kind: type[Record]
    name: str
    filters: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    listed: tuple[str, ...] = ("created_at", "updated_at")
    """The fields a list of records shows."""

    @property
    def all_orders(self) -> tuple[str, ...]:
        """Return every column a question may sort by."""
        return (*self.orders, *ALWAYS_ORDERED_BY)

    @cached_property
    def table(self) -> Table:
        """The table's description."""
        times = {
            field.name
            for field in self._fields
            if field.name in (*self.orders, "deleted_at") and field.sql in _TIMES
        }
        columns = tuple(
            Column(field.name, field.sql, open=field.closed or field.name in times) for field in self._fields
        )
        leading = ("bucket", "subject_id")
        indexes = [Index((*leading, order, "id"), where="deleted_at IS NULL") for order in self.all_orders]
        indexes += [
            Index((*leading, chosen, order, "id"), where="deleted_at IS NULL")
            for chosen in self.filters
            for order in (*self.orders, ALWAYS_ORDERED_BY[0])
        ]
        indexes.append(Index((*leading, "deleted_at", "id"), where="deleted_at IS NOT NULL"))
        return Table(self.name, (*_FIXED, *columns), ("bucket", "id"), tuple(indexes))

    def row(self, bucket: int, record: Record) -> tuple[Any, ...]:
        """Return the values of a record's row, in the order of the table's columns."""
        source = record.source
        origin = (source.platform, source.object_id, source.integration_id) if source else (None, None, None)
        state = list(self._values(vars(record)))
        for place, convert in self._to_sql:
            if state[place] is not None:
                state[place] = convert(state[place])
        return (
            bucket, subject_of(record), record.id, record.version, record.created_on, record.modified_on, *origin,
            *state,
        )  # fmt: skip

    def record(self, row: Sequence[Any]) -> Record:
        """Return the record a row was made from, without what only the ledger keeps; jsonb comes as bytes."""
        _, subject_id, record_id, version, created, updated, platform, object_id, integration_id = row[:9]
        state = dict(zip(self._names, row[9:], strict=True))
        if self._absent:
            state |= self._absent
        state["source"] = None if platform is None else Source(platform, object_id, integration_id)
        for name, convert in self._from_sql:
            if state[name] is not None:
                state[name] = convert(state[name])
        record = restored(self.kind, record_id, version, created, updated, state)
        attach(record, subject_id, NoPeers())
        return record

    @cached_property
    def _fields(self) -> tuple[_Field, ...]:
        hints = get_type_hints(self.kind, include_extras=True)
        return tuple(
            _field(name, hints[name])
            for name in state_fields(self.kind)
            if name != "source" and not is_kept_back(hints[name])
        )

    # Most fields are columns as they are: only the others are looked at one by one, for every row of a batch.

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self._fields)

    @cached_property
    def _values(self) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
        return itemgetter(*self._names)

    @cached_property
    def _to_sql(self) -> list[tuple[int, Callable[[Any], Any]]]:
        converting = ((place, field.to_sql) for place, field in enumerate(self._fields))
        return [(place, convert) for place, convert in converting if convert is not None]

    @cached_property
    def _from_sql(self) -> list[tuple[str, Callable[[Any], Any]]]:
        converting = ((field.name, field.from_sql) for field in self._fields)
        return [(name, convert) for name, convert in converting if convert is not None]

    @cached_property
    def _absent(self) -> dict[str, Any]:
        """The values of fields that have no column: their defaults."""
        kept = {field.name for field in self._fields} | {"source"}
        absent = [item for item in fields(self.kind) if item.name not in kept]  # type: ignore[arg-type]  # the library makes it a dataclass
        return {
            item.name: item.default_factory() if item.default_factory is not MISSING else item.default
            for item in absent
        }


def _value_of(value: Enum) -> Any:  # noqa: ANN401 - what the enumeration is of
    return value._value_


def _shown_json(value: Any) -> bytes:  # noqa: ANN401 - any value of a state
    return json_of(shown(value))


def _field(name: str, hint: Any) -> _Field:  # noqa: ANN401 - a type
    core = _core(hint)
    if isinstance(core, type) and issubclass(core, Enum):
        return _Field(name, Sql.TEXT, closed=True, enum=core)
    if core in _SCALARS:
        sql = _SCALARS[core]
        return _Field(name, sql, closed=sql in (Sql.BOOLEAN, Sql.UUID))
    if get_origin(core) is tuple and get_args(core)[1:] == (Ellipsis,):
        item = _core(get_args(core)[0])
        if item is str:
            return _Field(name, Sql.TEXTS, closed=False, sequence=True)
        if item is UUID:
            return _Field(name, Sql.UUIDS, closed=True, sequence=True)
    return _Field(name, Sql.JSONB, closed=False, adapter=TypeAdapter(hint), partly=keeps_back(hint))


def _core(hint: Any) -> Any:  # noqa: ANN401 - a type
    """Return a type without Annotated and without ``| None``."""
    if get_origin(hint) is Annotated:
        return _core(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        rest = [item for item in get_args(hint) if item is not NoneType]
        return _core(rest[0]) if len(rest) == 1 else hint
    return hint
