-- Records that were read again and are what they were, where other records follow: they stay.
SELECT
    tails.load_id,
    any_value(logs.byte_offset) AS byte_offset
FROM tails
INNER JOIN fame.logs AS logs
    ON tails.ingest_id = logs.ingest_id AND logs.byte_offset >= tails.byte_offset
LEFT JOIN incoming
    ON incoming.ingest_id = tails.load_id
        AND incoming.byte_offset = logs.byte_offset
        AND incoming.line_count = logs.line_count
        AND incoming.body IS NOT DISTINCT FROM logs.body
        AND incoming.place < (
            SELECT max(later.place) FROM incoming AS later WHERE later.ingest_id = tails.load_id
        )
GROUP BY tails.load_id
HAVING count(*) = 1 AND count(incoming.place) = 1;
