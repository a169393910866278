-- Whether any line may continue a record, and whether there is a record before which it could.
SELECT
    bool_or(NOT is_read) AND bool_or(is_read) AS may_continue
FROM (
    SELECT
        incoming.timestamp IS NOT NULL
        OR (incoming.parse_error IS NULL AND incoming.parser <> 'text') AS is_read
    FROM incoming
    INNER JOIN parts ON incoming.ingest_id = parts.ingest_id
    WHERE parts.continuation <> 'none'
);
