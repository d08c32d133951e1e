"""The SQL of the ledger. The head of a bucket moves only where no fence has moved; see fences.py."""

from __future__ import annotations

# The head of a bucket moves, and the command has its receipt; what is stored follows in the same statement.
_HEAD = """
WITH head AS (
    UPDATE ledger.bucket_heads SET position = position + %(count)s
    WHERE bucket = %(bucket)s AND fences = coalesce(%(fences)s, fences) RETURNING position
), receipt AS (
    INSERT INTO ledger.command_receipts
        (bucket, command_id, subject_id, record_id, version, position, recorded_at, request_digest)
    SELECT %(bucket)s, %(command_id)s, %(subject_id)s, %(record_id)s, %(version)s, head.position,
        %(recorded_at)s, %(request_digest)s
    FROM head
)
"""

APPEND = f"""
{_HEAD}, stored AS (
    INSERT INTO ledger.events
        (bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id, recorded_at,
         actor_id, command_id, correlation_id, causation_id, body, digest)
    SELECT %(bucket)s, head.position - %(count)s + new.ordinality, %(subject_id)s, new.record_id, new.version,
        new.kind, new.topic, new.schema_version, new.key_id, new.recorded_at,
        %(actor_id)s, %(command_id)s, %(correlation_id)s, %(causation_id)s, new.body, new.digest
    FROM head, unnest(%(records)b::uuid[], %(versions)b::bigint[], %(kinds)b::text[], %(topics)b::text[],
        %(schemas)b::int2[], %(keys)b::uuid[], %(times)b::timestamptz[], %(bodies)b::bytea[], %(digests)b::bytea[])
        WITH ORDINALITY AS new (record_id, version, kind, topic, schema_version, key_id, recorded_at, body,
            digest, ordinality)
)
SELECT position FROM head
"""

# The receipt's record, version and time are those of the one event. Nine arrays of one are slow to adapt: psycopg
# does that in Python.
APPEND_ONE = f"""
{_HEAD}, stored AS (
    INSERT INTO ledger.events
        (bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id, recorded_at,
         actor_id, command_id, correlation_id, causation_id, body, digest)
    SELECT %(bucket)s, head.position, %(subject_id)s, %(record_id)s, %(version)s, %(kind)s, %(topic)s,
        %(schema)s, %(key_id)s, %(recorded_at)s, %(actor_id)s, %(command_id)s, %(correlation_id)s,
        %(causation_id)s, %(body)b, %(digest)b
    FROM head
)
SELECT position FROM head
"""

RESERVE = f"""
{_HEAD}
SELECT position FROM head
"""

COPY = """
COPY ledger.events
    (bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id, recorded_at,
     actor_id, command_id, correlation_id, causation_id, body, digest)
FROM STDIN (FORMAT BINARY)
"""


COPY_BLOBS = (
    "COPY ledger.blobs (bucket, blob_id, subject_id, record_id, key_id, body) FROM STDIN (FORMAT BINARY)"
)

COPY_SOURCES = (
    "COPY ledger.sources (bucket, source, subject_id, record_id, content_digest) FROM STDIN (FORMAT BINARY)"
)

UPDATE_SOURCES = """
UPDATE ledger.sources SET content_digest = said.content_digest
FROM unnest(%b::bytea[], %b::uuid[], %b::bytea[]) AS said (source, record_id, content_digest)
WHERE sources.bucket = %b AND sources.source = said.source AND sources.record_id = said.record_id
"""

NOTE_MENTIONS = """
INSERT INTO ledger.address_index (bucket, address, subject_id, record_id, kind)
SELECT %s, new.address, %s, new.record_id, new.kind
FROM unnest(%b::bytea[], %b::uuid[], %b::text[]) AS new (address, record_id, kind)
ON CONFLICT DO NOTHING
"""

DROP_MENTIONS = """
DELETE FROM ledger.address_index AS a USING unnest(%b::bytea[], %b::uuid[]) AS gone (address, record_id)
WHERE a.bucket = %s AND a.record_id = gone.record_id AND a.address = gone.address
"""

COLUMNS = """bucket, position, subject_id, record_id, version, kind, topic, schema_version, key_id,
    recorded_at, actor_id, command_id, correlation_id, causation_id, body, digest"""

STREAM = f"""
SELECT {COLUMNS} FROM ledger.events
WHERE bucket = %b AND record_id = %b AND version > %b AND version <= %b
ORDER BY version
"""

STREAMS = f"""
SELECT event.* FROM unnest(%b::uuid[]) AS wanted (record_id)
CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM ledger.events
    WHERE bucket = %b AND subject_id = %b AND events.record_id = wanted.record_id
    ORDER BY version LIMIT %b
) AS event
ORDER BY event.record_id, event.version
"""

# The newest snapshot that fits, as a row at position 0, then the events after it: one round trip.
REPLAY = f"""
WITH snapshot AS (
    SELECT bucket, subject_id, record_id, version, kind, key_id, body, state_schema FROM ledger.snapshots
    WHERE bucket = %(bucket)b AND record_id = %(record_id)b AND version <= %(up_to)b
    ORDER BY version DESC LIMIT 1
)
SELECT bucket, 0::bigint AS position, subject_id, record_id, version, kind, NULL AS topic,
    NULL::int2 AS schema_version, key_id, NULL::timestamptz AS recorded_at, NULL::uuid AS actor_id,
    NULL::uuid AS command_id, NULL::uuid AS correlation_id, NULL::uuid AS causation_id, body,
    state_schema AS digest
FROM snapshot
UNION ALL
SELECT {COLUMNS} FROM ledger.events
WHERE bucket = %(bucket)b AND record_id = %(record_id)b AND version <= %(up_to)b
    AND version > coalesce((SELECT version FROM snapshot), -1)
ORDER BY version
"""

TAIL = f"""
SELECT {COLUMNS} FROM ledger.events WHERE bucket = %b AND position > %b ORDER BY position LIMIT %b
"""

TAILS = f"""
SELECT event.* FROM unnest(%b::int2[], %b::int8[]) AS wanted (bucket, position)
CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM ledger.events
    WHERE events.bucket = wanted.bucket AND events.position > wanted.position
    ORDER BY events.position LIMIT %b
) AS event
ORDER BY event.bucket, event.position
"""

# The events of a command lie together: everything since the last one of another command.
MADE = """
SELECT record_id FROM ledger.events
WHERE bucket = %(bucket)s AND version = 1 AND position <= %(position)s AND position > coalesce((
    SELECT position FROM ledger.events
    WHERE bucket = %(bucket)s AND position < %(position)s AND command_id IS DISTINCT FROM %(command_id)s
    ORDER BY position DESC LIMIT 1), 0)
ORDER BY position
"""

STOOD = """
SELECT record_id, max(version), max(recorded_at) FROM ledger.events
WHERE bucket = %(bucket)s AND record_id = ANY(%(ids)s) AND position <= %(position)s
GROUP BY record_id
"""
