SELECT
    ingest_id,
    fingerprint,
    byte_start,
    byte_end,
    tail_offset,
    line_end,
    rows,
    errors,
    state,
    started_at
FROM fame.ingests
ORDER BY byte_end DESC, state, ingest_id DESC;
