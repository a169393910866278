-- The loads of these sources, and those from before sources had an identity, whose unfinished lines
-- have their numbers in the logs alone.
WITH former_tails AS (
    SELECT
        ingests.ingest_id,
        min(logs.line_number) AS line_number
    FROM fame.ingests AS ingests
    INNER JOIN fame.logs AS logs
        ON ingests.ingest_id = logs.ingest_id AND ingests.tail_offset = logs.byte_offset
    WHERE ingests.source IS NULL
    GROUP BY ingests.ingest_id
)

SELECT
    ingests.ingest_id,
    ingests.source,
    ingests.source_path,
    ingests.encoding,
    ingests.format,
    ingests.head,
    ingests.fingerprint,
    ingests.byte_start,
    ingests.byte_end,
    ingests.tail_offset,
    coalesce(ingests.tail_line, former_tails.line_number) AS tail_line,
    ingests.line_end,
    ingests.rows,
    ingests.errors,
    ingests.state,
    ingests.started_at
FROM fame.ingests AS ingests
LEFT JOIN former_tails ON ingests.ingest_id = former_tails.ingest_id
WHERE ingests.source IS NULL OR ingests.source IN (SELECT unnest($sources::VARCHAR[]));
