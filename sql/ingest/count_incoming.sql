-- The lines of each source, and its last record, which may continue in the next lines.
SELECT
    ingest_id,
    count(*) AS rows,
    count(parse_error) AS errors,
    arg_max(line_number, place) AS last_line,
    arg_max(byte_offset, place) AS last_offset
FROM incoming
GROUP BY ingest_id;
