SELECT
    ingests.ingest_id,
    ingests.fingerprint,
    ingests.byte_start,
    ingests.byte_end,
    ingests.tail_offset,
    ingests.line_end,
    ingests.rows,
    ingests.errors,
    ingests.state,
    ingests.started_at,
    logs.line_number AS tail_line
FROM fame.ingests AS ingests
LEFT JOIN fame.logs AS logs
    ON ingests.ingest_id = logs.ingest_id AND ingests.tail_offset = logs.byte_offset
ORDER BY ingests.byte_end DESC, ingests.state, ingests.ingest_id DESC;
