INSERT INTO fame.event_rows BY NAME
SELECT
    logs.event_id,
    -count(*) AS lines
FROM fame.logs
INNER JOIN tails ON logs.ingest_id = tails.ingest_id AND logs.byte_offset >= tails.byte_offset
WHERE logs.event_id IS NOT NULL
GROUP BY logs.event_id;
