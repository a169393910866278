-- Macros for the SELECTs of the formats. They are temporary and exist only during a load.
-- A time that is written without a zone, in UTC.
CREATE OR REPLACE TEMP MACRO ingest_local(moment) AS $local;

CREATE OR REPLACE TEMP MACRO ingest_zone_minutes(zone) AS
CASE
    WHEN zone IN ('+0000', '+00:00') THEN 0
    WHEN regexp_matches(zone, '^[+-]')
        THEN if(zone[1] = '-', -1, 1) * (
            60 * CAST(zone[2:3] AS INTEGER)
            + coalesce(try_cast(replace(zone[4:], ':', '') AS INTEGER), 0)
        )
    ELSE 0
END;

-- A written time in UTC: without a zone it is in the zone of the source.
CREATE OR REPLACE TEMP MACRO ingest_zoned(moment, zone) AS
$zoned;

CREATE OR REPLACE TEMP MACRO ingest_iso_parts(moment) AS
regexp_extract(
    moment,
    '^(\d{4}[-/]\d{2}[-/]\d{2})[T ](\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?)\d*\s?(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$$',
    ['day', 'clock', 'zone']
);

-- The time in UTC, or NULL if the text is not a time. Most ways of writing are read by DuckDB itself,
-- which is several times faster than to take them apart; a TIMESTAMP ignores offsets. The end of the
-- text says which expression is worth a try.
CREATE OR REPLACE TEMP MACRO ingest_iso_timestamp(moment) AS
coalesce(
    CASE
        WHEN ends_with(moment, 'Z')
            THEN CASE
                WHEN regexp_matches(moment, '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?Z$$')
                    THEN try_cast(replace(moment, ',', '.') AS TIMESTAMP)
            END
        WHEN substr(moment, -6, 1) IN ('+', '-')
            THEN CASE
                WHEN regexp_matches(
                    moment,
                    '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?[+-]\d{2}:\d{2}$$'
                )
                    THEN make_timestamp(
                        epoch_us(try_cast(replace(moment, ',', '.') AS TIMESTAMPTZ))
                    )
            END
        WHEN regexp_matches(moment, '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?$$')
            THEN ingest_local(try_cast(replace(moment, ',', '.') AS TIMESTAMP))
    END,
    list_transform(
        [ingest_iso_parts(moment)],
        lambda time_parts: ingest_zoned(
            try_cast(replace(time_parts.day, '/', '-') || ' ' || replace(time_parts.clock, ',', '.') AS TIMESTAMP),
            time_parts.zone
        )
    )[1]
);

-- The unit follows from the size of the number: s, ms, us or ns since 1970, up to the year 5138.
CREATE OR REPLACE TEMP MACRO ingest_epoch_microseconds(number) AS
CASE
    WHEN try_cast(number AS DOUBLE) BETWEEN 0 AND 1e11
        THEN CAST(round(try_cast(number AS DOUBLE) * 1e6) AS BIGINT)
    WHEN try_cast(number AS DOUBLE) BETWEEN 1e11 AND 1e14
        THEN CAST(round(try_cast(number AS DOUBLE) * 1e3) AS BIGINT)
    WHEN try_cast(number AS DOUBLE) BETWEEN 1e14 AND 1e17
        THEN try_cast(number AS BIGINT)
    WHEN try_cast(number AS DOUBLE) BETWEEN 1e17 AND 9.2e18
        THEN try_cast(number AS BIGINT) // 1000
END;

CREATE OR REPLACE TEMP MACRO ingest_epoch_timestamp(number) AS
make_timestamp(ingest_epoch_microseconds(number));

-- Jan is 1; other text than the short name of a month gives no date.
CREATE OR REPLACE TEMP MACRO ingest_month_number(name) AS
if(length(name) = 3, (strpos('JanFebMarAprMayJunJulAugSepOctNovDec', name) + 2) // 3, 0);

-- NULL if there is no such day.
CREATE OR REPLACE TEMP MACRO ingest_dated(year, month_number, day, clock) AS
try_cast(
    year || '-' || month_number || '-' || day || ' ' || replace(clock, ',', '.') AS TIMESTAMP
);

-- A timestamp without a year gets the latest year for which it is not later than the source. One
-- more day is accepted because clocks and zones differ. 29 February looks four years back.
CREATE OR REPLACE TEMP MACRO ingest_latest_year() AS year(ingest_latest() + INTERVAL 1 DAY);

CREATE OR REPLACE TEMP MACRO ingest_yearless_written(month_number, day, clock) AS
coalesce(
    list_transform(
        [ingest_dated(ingest_latest_year(), month_number, day, clock)],
        lambda dated_moment: CASE
            WHEN dated_moment <= ingest_latest() + INTERVAL 1 DAY THEN dated_moment
        END
    )[1],
    ingest_dated(ingest_latest_year() - 1, month_number, day, clock),
    ingest_dated(ingest_latest_year() - 2, month_number, day, clock),
    ingest_dated(ingest_latest_year() - 3, month_number, day, clock),
    ingest_dated(ingest_latest_year() - 4, month_number, day, clock)
);

CREATE OR REPLACE TEMP MACRO ingest_yearless(month_number, day, clock) AS
ingest_local(ingest_yearless_written(month_number, day, clock));

-- The severity in a syslog priority; NULL if there is none.
CREATE OR REPLACE TEMP MACRO ingest_priority_level(priority) AS
CASE
    WHEN try_cast(priority AS INTEGER) <= 191
        THEN ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'][
            try_cast(priority AS INTEGER) % 8 + 1
        ]
END;

-- The beginning of a syslog message, 'program[pid]:'; NULL if there is none.
CREATE OR REPLACE TEMP MACRO ingest_program(message) AS
nullif(regexp_extract(message, '^(\S+?(?:\[\d+\])?:)(?: |$$)', 1), '');

CREATE OR REPLACE TEMP MACRO ingest_program_name(program) AS
nullif(regexp_extract(program, '^(.+?)(?:\[\d+\](?:\([A-Za-z]+\))?)?:$$', 1), '');

CREATE OR REPLACE TEMP MACRO ingest_program_pid(program) AS
nullif(regexp_extract(program, '\[(\d+)\](?:\([A-Za-z]+\))?:$$', 1), '');

CREATE OR REPLACE TEMP MACRO ingest_after_program(message, program) AS
if(program IS NULL, message, substr(message, length(program) + 2));

-- The same of a syslog message: 'error:' is part of the message.
CREATE OR REPLACE TEMP MACRO ingest_syslog_program(message) AS
CASE
    WHEN NOT regexp_matches(message, '^(?i:error|warning|fatal|critical|info|debug|notice): ')
        THEN ingest_program(message)
END;

-- Attributes without NULL values; NULL if none is left.
CREATE OR REPLACE TEMP MACRO ingest_attributes(pairs) AS
nullif(CAST(json_merge_patch('{}'::JSON, pairs) AS VARCHAR), '{}')::JSON;

-- Halves of characters outside the basic plane that stand alone become U+FFFD. Whole pairs are
-- marked first, because these patterns cannot look around.
CREATE OR REPLACE TEMP MACRO ingest_whole_characters(document) AS
regexp_replace(
    regexp_replace(
        regexp_replace(
            document,
            '\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})',
            chr(1) || '\1' || chr(2) || '\2',
            'g'
        ),
        '\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\ufffd', 'g'
    ),
    chr(1) || '(....)' || chr(2) || '(....)', '\\u\1\\u\2', 'g'
);

-- The plain members in the head of an object that is cut or damaged, as an object.
CREATE OR REPLACE TEMP MACRO ingest_head_of_object(written) AS
'{' || array_to_string(
    regexp_extract_all(
        left(written, 65536),
        '"[^"\\]{1,100}"\s*:\s*(?:"(?:[^"\\]|\\[^u])*"|-?\d{1,19}(?:\.\d{1,9})?|true|false)\s*[,}]'
    ).list_transform(lambda member: member[:-2]),
    ','
) || '}';

-- A message that a journal has as a list of bytes, because it is no plain text.
CREATE OR REPLACE TEMP MACRO ingest_decoded(message) AS
CASE
    WHEN regexp_matches(message, '^\[[0-9]+(?:,[0-9]+)*\]$$')
        THEN coalesce(
            try(decode(unhex(array_to_string(
                list_transform(
                    CAST(message AS UTINYINT[]), lambda byte: printf('%02x', byte::INTEGER)
                ),
                ''
            )))),
            message
        )
    ELSE message
END;

-- Text without the sequences that colour it in a terminal or move the cursor.
CREATE OR REPLACE TEMP MACRO ingest_without_ansi(written) AS
regexp_replace(
    written,
    '\x1b(?:\[[0-9;:?<=>!]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[@-Z\\^_=>])', '', 'g'
);

-- A quoted value is written as in JSON, or nearly so.
CREATE OR REPLACE TEMP MACRO ingest_logfmt_values(pairs) AS
list_transform(
    pairs,
    lambda pair: CASE
        WHEN NOT starts_with(pair, '"') THEN pair
        WHEN NOT contains(pair, '\') THEN pair[2:-2]
        WHEN json_valid(pair) THEN json_extract_string(pair, '$$')
        ELSE replace(replace(pair[2:-2], '\"', '"'), '\n', chr(10))
    END
);

-- The pairs of a logfmt line as a JSON object, in their order; a key that comes twice has its first
-- value. A line with very many pairs, some of them twice, is no object.
CREATE OR REPLACE TEMP MACRO ingest_logfmt(written) AS
CASE
    WHEN regexp_matches(written, '^[^\s=]+=')
        THEN list_transform(
            [{
                'keys': regexp_extract_all(
                    written, '(?:^|\s)([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)', 1
                ),
                'held': ingest_logfmt_values(
                    regexp_extract_all(
                        written, '(?:^|\s)([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)', 2
                    )
                )
            }],
            lambda line_pairs: CASE
                WHEN len(list_distinct(line_pairs.keys)) = len(line_pairs.keys)
                    THEN CAST(to_json(map(line_pairs.keys, line_pairs.held)) AS VARCHAR)
                WHEN len(line_pairs.keys) <= 1000
                    THEN CAST(
                        to_json(
                            map(
                                list_filter(
                                    line_pairs.keys,
                                    lambda key, place: list_position(line_pairs.keys, key) = place
                                ),
                                list_filter(
                                    line_pairs.held,
                                    lambda held, place: list_position(
                                        line_pairs.keys, line_pairs.keys[place]
                                    ) = place
                                )
                            )
                        ) AS VARCHAR
                    )
            END
        )[1]
END;
