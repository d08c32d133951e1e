"""Read model ``task_tree``: which task lies under which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from projections.question import Question
from projections.table import Column, Index, Sql, derived_table

TABLE = derived_table(
    "task_tree",
    (
        Column("parent_id", Sql.UUID, open=True),
        Column("title", Sql.TEXT, nullable=False),
        Column("status", Sql.TEXT, open=True, nullable=False),
        Column("due", Sql.DATE, open=True),
    ),
    indexes=(Index(("bucket", "subject_id", "parent_id", "record_id")),),
)


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A task in the tree; ``depth`` is 0 at the root that was asked for, from which ``path`` leads to the task."""

    task_id: UUID
    parent_id: UUID | None
    depth: int
    title: str
    status: str
    due: date | None
    path: tuple[UUID, ...]


def ask_task_tree(root_id: UUID | None) -> Question[TreeNode]:
    """Ask for the tasks under one, itself first, or for all trees; parents stand before their children."""
    return Question(
        "task_tree",
        "task",
        """
        WITH RECURSIVE branch AS (
            SELECT record_id, parent_id, 0 AS depth, title, status, due, ARRAY[record_id] AS path
            FROM {schema}.task_tree AS root
            WHERE bucket = %(bucket)s AND subject_id = %(subject_id)s
                AND CASE WHEN %(root_id)s::uuid IS NOT NULL THEN record_id = %(root_id)s
                    ELSE parent_id IS NULL OR NOT EXISTS (  -- or its parent lies in the trash
                        SELECT FROM {schema}.task_tree AS parent
                        WHERE parent.bucket = %(bucket)s AND parent.record_id = root.parent_id) END
            UNION ALL
            SELECT child.record_id, child.parent_id, branch.depth + 1, child.title, child.status, child.due,
                branch.path || child.record_id
            FROM branch JOIN {schema}.task_tree AS child
                ON child.bucket = %(bucket)s AND child.subject_id = %(subject_id)s
                AND child.parent_id = branch.record_id
            WHERE branch.depth < 32
        )
        SELECT record_id AS task_id, parent_id, depth, title, status, due, path FROM branch
        WHERE %(after_path)s::uuid[] IS NULL OR path > %(after_path)s::uuid[] ORDER BY path LIMIT %(limit)s
        """,
        TreeNode,
        {"root_id": root_id},
        keyset=("path",),
    )
