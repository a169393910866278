-- A line can hold several records; all of them are read again.
SELECT
    logs.ingest_id,
    logs.parse_error IS NOT NULL AS is_error
FROM fame.logs
INNER JOIN tails ON logs.ingest_id = tails.ingest_id AND logs.byte_offset >= tails.byte_offset;
