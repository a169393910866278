-- Append lines without a header to the record before, at most 1000 of them. A line has a header if
-- it has a time, or if it parsed in a format other than text. The raw lines are appended unchanged.
CREATE OR REPLACE TEMP TABLE placed AS
SELECT
    *,
    sum(starts::INTEGER) OVER earlier AS record,
    row_number() OVER earlier AS ordinal
FROM (
    SELECT
        incoming.ingest_id,
        incoming.place,
        raw_lines.line,
        raw_lines.fault,
        incoming.timestamp IS NOT NULL
        OR (incoming.parse_error IS NULL AND incoming.parser <> 'text') AS starts
    FROM incoming
    INNER JOIN raw_lines ON incoming.place = raw_lines.line_number
)
WINDOW earlier AS (PARTITION BY ingest_id ORDER BY place ROWS UNBOUNDED PRECEDING);

CREATE OR REPLACE TEMP TABLE continued AS
SELECT
    heads.place AS head,
    string_agg(chr(10) || placed.line, '' ORDER BY placed.place) AS text,
    max(placed.place) - heads.place + 1 AS line_count,
    arg_min(placed.fault, placed.place) AS fault
FROM placed
INNER JOIN placed AS heads
    ON placed.ingest_id = heads.ingest_id AND placed.record = heads.record AND heads.starts
WHERE NOT placed.starts AND placed.ordinal - heads.ordinal <= 1000
GROUP BY heads.place;

UPDATE incoming
SET
    body = incoming.body || continued.text,
    line_count = continued.line_count,
    parse_error = coalesce(incoming.parse_error, continued.fault)
FROM continued
WHERE incoming.place = continued.head;

DELETE FROM incoming
USING placed, placed AS heads
WHERE incoming.place = placed.place
    AND placed.ingest_id = heads.ingest_id
    AND placed.record = heads.record
    AND heads.starts
    AND NOT placed.starts
    AND placed.ordinal - heads.ordinal <= 1000;

DROP TABLE placed;
DROP TABLE continued;
