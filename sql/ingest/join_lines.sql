-- Append lines without a header to the record before, at most 1000 of them. A line has a header if
-- it has a time, or if it parsed in a format other than text. The raw lines are appended unchanged.
CREATE OR REPLACE TEMP TABLE placed AS
SELECT
    *,
    sum(starts::INTEGER) OVER earlier AS record,
    row_number() OVER earlier AS place
FROM (
    SELECT
        incoming.line_number,
        raw_lines.line,
        raw_lines.fault,
        incoming.timestamp IS NOT NULL
        OR (incoming.parse_error IS NULL AND incoming.parser <> 'text') AS starts
    FROM incoming
    INNER JOIN raw_lines ON incoming.line_number = raw_lines.line_number
)
WINDOW earlier AS (ORDER BY line_number ROWS UNBOUNDED PRECEDING);

CREATE OR REPLACE TEMP TABLE continued AS
SELECT
    heads.line_number AS head,
    string_agg(chr(10) || placed.line, '' ORDER BY placed.line_number) AS text,
    max(placed.line_number) - heads.line_number + 1 AS line_count,
    arg_min(placed.fault, placed.line_number) AS fault
FROM placed
INNER JOIN placed AS heads ON placed.record = heads.record AND heads.starts
WHERE NOT placed.starts AND placed.place - heads.place <= 1000
GROUP BY heads.line_number;

UPDATE incoming
SET
    body = incoming.body || continued.text,
    line_count = continued.line_count,
    parse_error = coalesce(incoming.parse_error, continued.fault)
FROM continued
WHERE incoming.line_number = continued.head;

DELETE FROM incoming
USING placed, placed AS heads
WHERE incoming.line_number = placed.line_number
    AND placed.record = heads.record
    AND heads.starts
    AND NOT placed.starts
    AND placed.place - heads.place <= 1000;

DROP TABLE placed;
DROP TABLE continued;
