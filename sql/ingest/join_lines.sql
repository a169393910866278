-- Append lines without a header to the record before, at most 1000 of them. A line has a header if
-- it has a time, or if it parsed in a format other than text. Where traces alone continue a record,
-- a run of such lines is appended if one of them looks like part of a trace. The raw lines are
-- appended unchanged.
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
        OR (incoming.parse_error IS NULL AND incoming.parser <> 'text')
        -- A header that could not be read is no continuation.
        OR raw_lines.is_header
        OR parts.continuation = 'none' AS starts,
        parts.continuation = 'any'
        OR regexp_matches(
            raw_lines.line,
            '^(?:\s+\S|Caused by: |Traceback |goroutine \d|thread ''|stack backtrace|panic: |Trace\[\d+\]: |\}|\])'
        ) AS is_trace
    FROM incoming
    INNER JOIN raw_lines ON incoming.place = raw_lines.line_number
    INNER JOIN parts ON incoming.ingest_id = parts.ingest_id
)
WINDOW earlier AS (PARTITION BY ingest_id ORDER BY place ROWS UNBOUNDED PRECEDING);

CREATE OR REPLACE TEMP TABLE following AS
SELECT
    placed.place,
    placed.line,
    placed.fault,
    heads.place AS head
FROM placed
INNER JOIN placed AS heads
    ON placed.ingest_id = heads.ingest_id AND placed.record = heads.record AND heads.starts
WHERE NOT placed.starts AND placed.ordinal - heads.ordinal <= 1000
QUALIFY bool_or(placed.is_trace) OVER (PARTITION BY placed.ingest_id, placed.record);

CREATE OR REPLACE TEMP TABLE continued AS
SELECT
    following.head,
    string_agg(chr(10) || following.line, '' ORDER BY following.place) AS text,
    max(following.place) AS last_place,
    arg_min(following.fault, following.place) AS fault
FROM following
GROUP BY following.head;

UPDATE incoming
SET
    -- A header without a message has it in the next line.
    body = if(incoming.body = '', substr(continued.text, 2), incoming.body || continued.text),
    line_count = last_line.line_number - incoming.line_number + 1,
    parse_error = coalesce(incoming.parse_error, continued.fault)
FROM continued
INNER JOIN incoming AS last_line ON continued.last_place = last_line.place
WHERE incoming.place = continued.head;

DELETE FROM incoming
USING following
WHERE incoming.place = following.place;

DROP TABLE placed;
DROP TABLE following;
DROP TABLE continued;
