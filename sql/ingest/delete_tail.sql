DELETE FROM fame.logs
USING tails
WHERE logs.ingest_id = tails.ingest_id AND logs.byte_offset >= tails.byte_offset;
