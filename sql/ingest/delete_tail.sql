DELETE FROM fame.logs
USING tails
WHERE logs.ingest_id = tails.ingest_id AND logs.byte_offset = tails.byte_offset
RETURNING logs.ingest_id, logs.byte_offset, logs.parse_error IS NOT NULL AS is_error;
