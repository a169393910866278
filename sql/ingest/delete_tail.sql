DELETE FROM fame.logs
WHERE ingest_id = $ingest_id AND byte_offset = $byte_offset
RETURNING parse_error IS NOT NULL;
