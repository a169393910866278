-- A line can hold several records; all of them are read again.
DELETE FROM fame.logs
USING tails
WHERE logs.ingest_id = tails.ingest_id AND logs.byte_offset >= tails.byte_offset
RETURNING logs.ingest_id, logs.parse_error IS NOT NULL AS is_error;
