-- Plain text: a leading timestamp and a level after it are removed. Most timestamps are in ISO 8601
-- or like 'Sun Dec 04 04:47:44 2005', '04/Dec/2005:04:47:44 +0100' (also with spaces or hyphens), or
-- '05/12/04 04:47:44' (year, month, day) before a level. Others are looked for only where none of
-- these is. The level words come from the list of severities.
WITH dated AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9}|:\d{3}\b)?(?:\s?[AaPp][Mm]\b)?(?:\s?(?:(?:UTC|GMT)[+-]\d{1,2}(?::\d{2})?\b|(?:$zones|[+-](?:0\d|1[0-4]):?(?:00|15|30|45))\b)|[+-](?:0\d|1[0-4])\b|Z\b|[A-Za-z]{1,5}\b)?\]?'
        ) AS iso
    FROM raw_lines
),

named AS (
    SELECT
        *,
        if(
            iso = '',
            regexp_extract(
                line,
                '^\[?(?:[A-Z][a-z]{2},? )?(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2}(?:\.\d{1,9})? \d{4}\b|\d{1,2}[-/ ][A-Z][a-z]{2}[-/ ]\d{4}[: ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-](?:0\d|1[0-4]):?(?:00|15|30|45))\b)?)\]?'
            ),
            ''
        ) AS name,
        if(
            iso = '',
            regexp_extract(
                line,
                '^(\d{2}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}) (?:$severities) ',
                1
            ),
            ''
        ) AS short
    FROM dated
),

parts AS (
    SELECT
        *,
        if(name = '', '', regexp_extract(name, '[-/ ]?(\d{1,2})[-/ ](?:[A-Z]|\d{2}:)', 1)) AS day,
        if(name = '', '', regexp_extract(name, '([A-Z][a-z]{2})[-/ ]{1,2}\d', 1)) AS month,
        if(name = '', '', regexp_extract(name, '[-/ ](\d{4})\b', 1)) AS year,
        if(name = '', '', regexp_extract(name, '[: ](\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?)', 1)) AS clock,
        if(name = '', '', regexp_extract(name, '(?:[+-]\d{2}:?\d{2}|Z|UTC|GMT)\]?$$')) AS zone
    FROM named
),

usual AS (
    SELECT
        *,
        -- Without these digits there is no time, and most lines need no closer look.
        CASE
            WHEN iso <> '' THEN FALSE
            ELSE regexp_matches(left(line, 48), '\d:\d|\d{6}')
        END AS may_have_time,
        CASE
            WHEN iso <> '' THEN ingest_iso_timestamp(trim(iso, '[]'))
            WHEN short <> '' THEN ingest_iso_timestamp('20' || short)
            WHEN name <> ''
                THEN ingest_zoned(
                    ingest_dated(year, ingest_month_number(month), day, clock), rtrim(zone, ']')
                )
        END AS usual_moment
    FROM parts
),

-- A level may stand before the time.
led AS (
    SELECT
        *,
        if(
            usual_moment IS NULL AND may_have_time,
            regexp_extract(line, '^(?:\[?(?:$levels)\s*\]?|\[(?i:$bracketed_levels)\s*\])[\s:|,-]{1,5}'),
            ''
        ) AS lead
    FROM usual
),

-- So may a name in brackets.
tagged AS (
    SELECT
        *,
        if(
            usual_moment IS NULL AND may_have_time AND lead = '',
            regexp_extract(line, '^(?:\[[A-Za-z][^\[\]:]{0,29}\]|\([A-Za-z][^():]{0,29}\)) '),
            ''
        ) AS tag
    FROM led
),

-- What a time may be that is written in another way.
others AS (
    SELECT
        *,
        if(
            usual_moment IS NULL AND may_have_time,
            regexp_extract(
                substr(line, length(lead) + length(tag) + 1),
                '^[\[(]?(?:(?:\w{2,9}\.?,? )?\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T ,_-]{1,3}$clock(?: ?$strict_zone)?|(?:$letters{2,9}\.?,? +)?$letters{3,9}\.? {1,2}\d{1,2},? (?:\d{4},? )?$clock(?: $strict_zone)?(?: \d{4}\b)?|(?:$letters{2,9}\.?,? )?\d{1,2}\.?[-/ ]$letters{3,9}\.?(?:[-/ ]\d{2,4})?[: ,T]{1,2}$clock(?: ?$strict_zone)?|\d{1,2}[./-]\d{1,2}(?:[./-]\d{4}|\.\d{2})[ ,T-]{1,2}$clock(?: ?$strict_zone)?|\d{8}[T _-]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,:]\d{1,9})?|\d{8}[T _-]\d{6}(?:[.,]\d{1,9})?(?: ?$strict_zone)?|\d{6} {1,2}(?:\d{6}|\d{1,2}:\d{2}:\d{2})\b|\d{2}[-/]\d{2} \d{2}:\d{2}:\d{2}[.,]\d{1,9}|\d{10}(?:[.,]\d{1,9})?\b|\d\.\d{6,18}[eE]\+09\b|\d{13}\b|\d{16}\b|\d{19}\b|@4[0-9a-f]{23}\b|\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?\b)[\])]?'
            ),
            ''
        ) AS other
    FROM tagged
),

written AS (
    SELECT
        *,
        CASE
            WHEN usual_moment IS NOT NULL THEN NULL
            WHEN iso <> '' THEN trim(iso, '[]')
            -- A number or a clock must end there, as no part of an identifier does.
            WHEN regexp_matches(other, '^\W?(?:\d{10}|\d{2}:\d{2}:\d{2})\b')
                AND NOT regexp_matches(
                    line[length(lead) + length(tag) + length(other) + 1:][:2] || other[-1],
                    '^(?:[\s|,]|: )|[\])]$$'
                )
                THEN NULL
            WHEN other <> '' THEN trim(other, '[]()')
        END AS written
    FROM others
),

timed AS (
    SELECT
        *,
        CASE
            WHEN usual_moment IS NOT NULL THEN usual_moment
            WHEN written IS NOT NULL THEN ingest_time(written)
        END AS moment
    FROM written
),

rests AS (
    SELECT
        *,
        CASE
            WHEN usual_moment IS NOT NULL THEN iso || name || short
            WHEN moment IS NULL THEN ''
            WHEN other <> '' THEN lead || tag || other
            ELSE iso
        END AS head
    FROM timed
),

-- A level that is also a word, or in lower case, may begin a sentence: it must be delimited, unless
-- most lines have a level there.
levels AS (
    SELECT
        *,
        if(moment IS NULL, line, substr(line, length(head) + 1)) AS rest,
        CASE
            WHEN moment IS NULL THEN ''
            WHEN usual_moment IS NULL AND lead <> '' AND other <> '' THEN ''
            ELSE regexp_extract(
                substr(line, length(head) + 1),
                '^[\s\-|,;:>]*(?:\[\s*(?:\w+:)?(?i:$bracketed_levels)\s*\]|(?:$plain_levels)(?:\s|:|\||,|;|$$)|(?i:$small_levels)(?:\s*[:|\t]|,?\s{2,}|$$${level_end}))'
            )
        END AS level
    FROM rests
),

-- A thread or a logger may stand between the time and the level.
contexts AS (
    SELECT
        *,
        if(
            moment IS NOT NULL AND level = '' AND lead = '',
            regexp_extract(
                rest,
                '^[\s\-|,:]*(?:(?:\[[^\[\]]{1,100}\]|\([^()]{1,100}\)|<[^<>]{1,40}>)[\s\-|,:]{0,5}|[\w.$$#/-]{1,100} -[\s\-|,:]{1,5}){1,3}?(?:\[?(?:$plain_levels)\]?(?:\s|:|\||,|$$)|\[\s*(?i:$bracketed_levels)\s*\]|(?i:$small_levels)(?:\s*[:|]|\s{2,}${level_end}))|^\s+$name +(?:ERROR|WARN|WARNING|INFO|DEBUG|FATAL|CRITICAL)[\s:]'
            ),
            ''
        ) AS context
    FROM levels
),

-- After pairs of keys and values, or, where most lines have it, in brackets in the first part of the
-- message. Then the message stays whole.
late_levels AS (
    SELECT
        *,
        if(
            moment IS NOT NULL AND level = '' AND context = '' AND lead = '',
            regexp_extract(
                left(rest, 120),
                '^\s*(?:[\w.-]{1,40}=\S{1,100}\s+){1,3}(?:(?:$plain_levels)(?:\s|:)|\[\s*(?i:$bracketed_levels)\s*\])${late_level}'
            ),
            ''
        ) AS late
    FROM contexts
),

found AS (
    SELECT
        *,
        CASE
            WHEN level <> '' THEN level
            WHEN context <> '' THEN context
            WHEN late <> '' THEN late
            WHEN moment IS NOT NULL AND other <> '' THEN lead
            ELSE ''
        END AS spoken,
        CASE
            WHEN moment IS NULL THEN NULL
            WHEN regexp_matches(
                rest,
                '^ ?\(?(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/[A-Z]\w'
            )
                THEN 'no zone, though one is named after it'
            WHEN short <> '' AND left(short, 2) <= '31' THEN 'year, month, day'
            WHEN usual_moment IS NOT NULL THEN NULL
            WHEN regexp_matches(other, '^\W?\d{10}\b') AND NOT contains(other, '.')
                THEN 'seconds since 1970'
            ELSE ingest_time_guess(written)
        END AS guess
    FROM late_levels
)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    nullif(regexp_extract(spoken, '(\pL+)\PL*$$', 1), '') AS severity_text,
    NULL::UTINYINT AS severity_number,
    NULL::VARCHAR AS service_name,
    NULL::VARCHAR AS host_name,
    if(
        moment IS NULL,
        line,
        regexp_replace(
            rest[length(level) + length(context) + 1:], '^\s*(?:[-|,:]\s+|[,;])?', ''
        )
    ) AS body,
    CASE
        WHEN context <> '' OR guess IS NOT NULL OR (tag <> '' AND moment IS NOT NULL)
            THEN ingest_attributes(
                json_object(
                    'thread', nullif(regexp_extract(context, '[\[(<]([^\[\]()<>]+)[\])>]', 1), ''),
                    'logger', nullif(
                        regexp_extract(context, '([\w.$$#/-]+) (?:-|[A-Z]+\s$$)', 1), ''
                    ),
                    'tag', if(moment IS NULL, NULL, nullif(trim(tag, '[]() '), '')),
                    'time_guess', guess
                )
            )
    END AS attributes,
    CASE
        WHEN moment IS NOT NULL OR iso = '' THEN NULL
        WHEN regexp_matches(iso, '\d[A-Za-z]{2,5}\]?$$') THEN 'expected: a known zone in ' || iso
        ELSE 'expected: a day and a time that exist, not ' || iso
    END AS parse_error
FROM found
