-- One load of each content with one of these beginnings.
SELECT
    min(ingest_id) AS ingest_id,
    arg_min(source, ingest_id) AS source,
    arg_min(source_path, ingest_id) AS source_path,
    arg_min(encoding, ingest_id) AS encoding,
    arg_min(format, ingest_id) AS format,
    head,
    fingerprint,
    arg_min(byte_start, ingest_id) AS byte_start,
    byte_end,
    arg_min(tail_offset, ingest_id) AS tail_offset,
    arg_min(tail_line, ingest_id) AS tail_line,
    arg_min(line_end, ingest_id) AS line_end,
    arg_min(rows, ingest_id) AS rows,
    arg_min(errors, ingest_id) AS errors,
    arg_min(state, ingest_id) AS state,
    arg_min(started_at, ingest_id) AS started_at
FROM fame.ingests
WHERE head IN (SELECT unnest($heads::VARCHAR[]))
GROUP BY head, byte_end, fingerprint;
