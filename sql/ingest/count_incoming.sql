-- The records of each source, and the line of its last record, which may continue in the next lines.
WITH counted AS (
    SELECT
        ingest_id,
        count(*) AS rows,
        count(parse_error) AS errors,
        max(line_number) AS last_line,
        count(timestamp) AS timed,
        count(severity_number) AS levelled,
        count(host_name) AS hosted,
        count(*) FILTER (contains(attributes, '"time_guess"')) AS guessed,
        sum(line_count) - count(*) AS continued,
        -- Records without a level that have a word for one near the beginning of their text.
        count(*) FILTER (
            CASE
                WHEN severity_number IS NULL
                    THEN regexp_matches(
                        left(body, 100),
                        '(?:^|[\s\[<({|:/.])(?:ERROR|WARN|WARNING|INFO|DEBUG|FATAL|CRITICAL|SEVERE|TRACE)(?:[\s\]>)}|:/,]|$)|[\[<](?i:error|warn|warning|note|notice|info|information|debug|trace|critical|fatal|wrn|err)[\]>]|: (?:Error|Warning|Info|Debug|Fatal|Panic): |(?:^|[\s>\])|])(?:Info|Information|Error|Warning|Debug|Notice|Critical|Fatal|Trace)\s{2,}|\|[EWIDF]\||(?:^|\s)(?:information|warning|critical|debug)/\w|(?i:level|lvl|severity)\W{1,4}(?i:error|warn|warning|info|debug|fatal|critical)\b'
                    )
            END
        ) AS hinted,
        -- Levels that are no known word, such as the numbers of a program of its own.
        count(*) FILTER (severity_text IS NOT NULL AND severity_number IS NULL) AS unknown
    FROM incoming
    GROUP BY ingest_id
)

SELECT
    counted.ingest_id,
    counted.rows,
    counted.errors,
    counted.last_line,
    min(incoming.byte_offset) AS last_offset,
    any_value(counted.timed) AS timed,
    any_value(counted.levelled) AS levelled,
    any_value(counted.hosted) AS hosted,
    any_value(counted.guessed) AS guessed,
    any_value(counted.continued) AS continued,
    any_value(counted.hinted) AS hinted,
    any_value(counted.unknown) AS unknown
FROM counted
INNER JOIN incoming
    ON counted.ingest_id = incoming.ingest_id AND counted.last_line = incoming.line_number
GROUP BY counted.ingest_id, counted.rows, counted.errors, counted.last_line;
