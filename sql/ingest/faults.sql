SELECT
    ingest_id,
    line_number,
    parse_error,
    left(body, 120) AS excerpt
FROM incoming
WHERE parse_error IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY ingest_id ORDER BY place) <= $most
ORDER BY place;
