"""The question every kind answers: its records by filter, sorted, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from projections.record_table import RecordTable
from projections.table import Column, Sql


class NotOffered(ValueError):
    """A filter or order that the kind's view does not list."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Records of one kind: living ones or those in the trash, filtered by equality, in one order.

    Records without a value in the order's column come last, in both directions.
    """

    view: RecordTable
    filters: Mapping[str, Any] = field(default_factory=dict)
    order_by: str = "created_at"
    descending: bool = False
    trashed: bool = False

    def __post_init__(self) -> None:
        if self.order_by not in self.view.all_orders or not set(self.filters) <= set(self.view.filters):
            raise NotOffered

    @property
    def order(self) -> Column:
        """The column that is sorted by."""
        return next(column for column in self.view.table.columns if column.name == self.order_by)

    def count(self, schema: str) -> sql.Composed:
        """Return the statement that counts them."""
        return sql.SQL("SELECT count(*) FROM {} WHERE {}").format(self._table(schema), self._where())

    def page(self, schema: str, *, nulls: bool, after: bool) -> sql.Composed:
        """Return the statement for one page of those with a value in the order's column, or without one.

        ``after`` begins behind the parameters after_value and after_id instead of at the start.
        """
        order, direction = sql.Identifier(self.order_by), sql.SQL("DESC" if self.descending else "ASC")
        conditions = [self._where(), sql.SQL("{} IS {}NULL").format(order, sql.SQL("" if nulls else "NOT "))]
        if after:
            comparison = sql.SQL("<" if self.descending else ">")
            conditions.append(
                sql.SQL("id {} %(after_id)s").format(comparison)
                if nulls
                else sql.SQL("({}, id) {} (%(after_value)s::{}, %(after_id)s::uuid)").format(
                    order, comparison, sql.SQL(self._type())
                )
            )
        sorting = [sql.SQL("id {}").format(direction)]
        if not nulls:
            sorting.insert(0, sql.SQL("{} {}").format(order, direction))
        return sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT %(limit)s").format(
            sql.SQL(", ").join(sql.Identifier(column.name) for column in self.view.table.columns),
            self._table(schema),
            sql.SQL(" AND ").join(conditions),
            sql.SQL(", ").join(sorting),
        )

    def _type(self) -> Any:  # noqa: ANN401 - one of our own literals
        return Sql(self.order.type).value

    def _table(self, schema: str) -> sql.Identifier:
        return sql.Identifier(schema, self.view.table.name)

    def _where(self) -> sql.Composed:
        conditions: list[sql.Composable] = [
            sql.SQL("bucket = %(bucket)s AND subject_id = %(subject_id)s"),
            sql.SQL("deleted_at IS {}NULL").format(sql.SQL("NOT " if self.trashed else "")),
        ]
        for name in sorted(self.filters):
            equals = "IS NULL" if self.filters[name] is None else "="
            conditions.append(
                sql.SQL("{} IS NULL").format(sql.Identifier(name))
                if equals == "IS NULL"
                else sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(f"is_{name}"))
            )
        return sql.SQL(" AND ").join(conditions)
