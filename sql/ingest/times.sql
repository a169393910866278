-- Times in any of the usual ways of writing. A macro repeats its arguments wherever it names them, so
-- what is long to say is the element of a list, which a lambda names: it is planned and computed once.

-- The number that follows a key in a text such as ' jan=1 feb=2 '; NULL if the key is not in it.
CREATE OR REPLACE TEMP MACRO ingest_looked_up(pairs, key) AS
try_cast(split_part(split_part(pairs, ' ' || key || '=', 2), ' ', 1) AS INTEGER);

-- Minutes east of Greenwich; NULL for a zone that is not known.
CREATE OR REPLACE TEMP MACRO ingest_offset(zone) AS
CASE
    WHEN contains(zone, '+') OR contains(zone, '-')
        THEN list_transform(
            [
                regexp_extract(
                    zone,
                    '^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$$',
                    ['sign', 'hours', 'minutes']
                )
            ],
            lambda time_parts: if(time_parts.sign = '-', -1, 1) * (
                60 * try_cast(time_parts.hours AS INTEGER)
                + coalesce(try_cast(time_parts.minutes AS INTEGER), 0)
            )
        )[1]
    ELSE ingest_looked_up('$zones', upper(zone))
END;

CREATE OR REPLACE TEMP MACRO ingest_month(name) AS
coalesce(try_cast(name AS INTEGER), ingest_looked_up('$months', lower(rtrim(name, '.'))));

-- A clock as DuckDB reads it: hh:mm:ss.ffffff. The second 60 becomes 59.
CREATE OR REPLACE TEMP MACRO ingest_clock(clock) AS
CASE
    WHEN length(clock) < 6 THEN clock || ':00'
    ELSE regexp_replace(
        replace(clock, ':60', ':59'), '^(\d+:\d+:\d+)[.,:](\d{1,6})\d*$$', '\1.\2'
    )
END;

-- What is added to a clock: a half of the day is AM, PM, VORM or NACHM, or ''. The second 60 is the first of the
-- next minute.
CREATE OR REPLACE TEMP MACRO ingest_after_clock(clock, half) AS
CASE
    WHEN half = '' AND NOT contains(clock, ':60') THEN INTERVAL 0 HOURS
    ELSE CASE
        WHEN lower(half[1]) IN ('p', 'n') AND try_cast(split_part(clock, ':', 1) AS INTEGER) < 12
            THEN INTERVAL 12 HOURS
        WHEN lower(half[1]) IN ('a', 'v') AND split_part(clock, ':', 1) = '12' THEN INTERVAL (-12) HOURS
        ELSE INTERVAL 0 HOURS
    END
    + if(regexp_matches(clock, '^\d+:\d+:60'), INTERVAL 1 SECOND, INTERVAL 0 SECONDS)
END;

CREATE OR REPLACE TEMP MACRO ingest_full_year(year) AS if(length(year) = 2, '20' || year, year);

-- The parts of a time, as a list of year, month, day, clock, half of the day and zone; one that is
-- not there is ''.
-- 2024-2-3 4:05, 2024.02.03 04:05:06 PM CET
CREATE OR REPLACE TEMP MACRO ingest_year_first(text) AS
list_transform(
    [
        regexp_extract(
            text,
            '^(?:[A-Za-zÀ-ɏ]{2,9},? )?(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ,_-]{1,3}$clock\s?$zone?$$',
            ['year', 'month', 'day', 'clock', 'half', 'zone']
        )
    ],
    lambda time_parts: [time_parts.year, time_parts.month, time_parts.day, time_parts.clock, time_parts.half, time_parts.zone]
)[1];

-- 03.02.2024 04:05:06, 2/3/24 4:05 PM
CREATE OR REPLACE TEMP MACRO ingest_year_last(text) AS
list_transform(
    [
        regexp_extract(
            text,
            '^(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d{2})[ ,:T-]{1,2}$clock ?$zone?$$',
            ['first', 'mark', 'second', 'year', 'clock', 'half', 'zone']
        )
    ],
    lambda time_parts: if(
        time_parts.mark = '.' OR try_cast(time_parts.first AS INTEGER) > 12
        OR (try_cast(time_parts.second AS INTEGER) <= 12 AND $day_first),
        [time_parts.year, time_parts.second, time_parts.first, time_parts.clock, time_parts.half, time_parts.zone],
        [time_parts.year, time_parts.first, time_parts.second, time_parts.clock, time_parts.half, time_parts.zone]
    )
)[1];

-- 3/Feb/2024:04:05:06 +0100, 03-Feb-24 04:05:06, Sat, 3 Feb 2024 04:05:06 GMT
CREATE OR REPLACE TEMP MACRO ingest_day_month(text) AS
list_transform(
    [
        regexp_extract(
            text,
            '^(?:[A-Za-zÀ-ɏ]{2,9}\.?,? )?(\d{1,2})\.?[-/ ]([A-Za-zÀ-ɏ]{3,9}\.?)(?:[-/ ](\d{4})|[-/](\d{2}))?[: ,T]{1,2}$clock ?$zone?$$',
            ['day', 'month', 'year', 'short_year', 'clock', 'half', 'zone']
        )
    ],
    lambda time_parts: [time_parts.year || time_parts.short_year, time_parts.month, time_parts.day, time_parts.clock, time_parts.half, time_parts.zone]
)[1];

-- Feb  3 04:05:06, Feb 03, 2024 4:05:06 AM, Sat Feb  3 04:05:06 CET 2024
CREATE OR REPLACE TEMP MACRO ingest_month_day(text) AS
list_transform(
    [
        regexp_extract(
            text,
            '^(?:[A-Za-zÀ-ɏ]{2,9}\.?,? +)?([A-Za-zÀ-ɏ]{3,9}\.?) {1,2}(\d{1,2})(?:,? (\d{4}))?,? (?:@ |at )?$clock ?$zone?(?: (\d{4}))?$$',
            ['month', 'day', 'year', 'clock', 'half', 'zone', 'late_year']
        )
    ],
    lambda time_parts: [time_parts.year || time_parts.late_year, time_parts.month, time_parts.day, time_parts.clock, time_parts.half, time_parts.zone]
)[1];

-- 20240203T040506Z, 240203 040506, 240203  4:05:06, and 20240203-4:5:6:789 without leading noughts
CREATE OR REPLACE TEMP MACRO ingest_packed(text) AS
CASE
    WHEN regexp_matches(text, '^\d{8}[T _-]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,:]\d{1,6})?$$')
        THEN list_transform(
            [
                regexp_extract(
                    text,
                    '^(\d{4})(\d{2})(\d{2})[T _-](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,6}))?$$',
                    ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction']
                )
            ],
            lambda time_parts: [
                time_parts.year, time_parts.month, time_parts.day,
                lpad(time_parts.hour, 2, '0') || ':' || lpad(time_parts.minute, 2, '0') || ':' || lpad(time_parts.second, 2, '0')
                || if(time_parts.fraction = '', '', '.' || lpad(time_parts.fraction, greatest(length(time_parts.fraction), 3)::INTEGER, '0')),
                '', ''
            ]
        )[1]
    ELSE list_transform(
        [
            regexp_extract(
                text,
                '^(\d{4}|\d{2})(\d{2})(\d{2})[T _-]{0,2}(\d{1,2}):?(\d{2}):?(\d{2}(?:[.,]\d{1,6})?)\d* ?$zone?$$',
                ['year', 'month', 'day', 'hour', 'minute', 'second', 'zone']
            )
        ],
        lambda time_parts: [
            time_parts.year, time_parts.month, time_parts.day,
            if(time_parts.hour = '', '', time_parts.hour || ':' || time_parts.minute || ':' || time_parts.second), '', time_parts.zone
        ]
    )[1]
END;

CREATE OR REPLACE TEMP MACRO ingest_time_parts(text) AS
CASE
    WHEN regexp_matches(text, '^\d{4}[-/.]\d{1,2}[-/.]|^[A-Za-zÀ-ɏ]+,? \d{4}[-/.]')
        THEN ingest_year_first(text)
    WHEN regexp_matches(text, '^\d{1,2}[./-]\d{1,2}[./-]\d') THEN ingest_year_last(text)
    WHEN regexp_matches(text, '^\d{1,2}\.?[-/ ][A-Za-zÀ-ɏ]|^[A-Za-zÀ-ɏ]+\.?,? \d{1,2}\.?[-/ ][A-Za-zÀ-ɏ]')
        THEN ingest_day_month(text)
    WHEN regexp_matches(text, '^[A-Za-zÀ-ɏ]') THEN ingest_month_day(text)
    -- 02-03 04:05:06.789
    WHEN regexp_matches(text, '^\d{2}[-/]\d{2}[ T]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?$$')
        THEN ['', text[1:2], text[4:5], text[7:], '', '']
    -- 203 04:05:06.789 and 1203 04:05:06.789: month and day
    WHEN regexp_matches(text, '^\d{3,4} \d{2}:\d{2}:\d{2}\.\d{1,9}$$')
        THEN [
            '', regexp_extract(text, '^(\d{1,2})\d{2} ', 1), regexp_extract(text, '^\d{1,2}(\d{2}) ', 1),
            split_part(text, ' ', 2), '', ''
        ]
    -- 04:05:06.789: the date is given, or that of the last change of the source.
    WHEN regexp_matches(text, '^\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?$$')
        THEN [$date, text, '', '']
    ELSE ingest_packed(text)
END;

-- The time that parts are, as it is written; NULL if there is none.
CREATE OR REPLACE TEMP MACRO ingest_written(year, month, day, clock, half) AS
CASE
    WHEN year <> ''
        THEN try_cast(
            ingest_full_year(year) || '-' || ingest_month(month) || '-' || day || ' '
            || ingest_clock(clock) AS TIMESTAMP
        )
    ELSE list_transform(
        [ingest_clock(clock)],
        lambda read_clock: ingest_yearless_written(ingest_month(month), day, read_clock)
    )[1]
END + ingest_after_clock(clock, half);

CREATE OR REPLACE TEMP MACRO ingest_in_zone(moment, zone) AS
CASE
    WHEN zone = '' THEN ingest_local(moment)
    ELSE moment - to_minutes(ingest_offset(zone))
END;

-- A written time in UTC. Its zone has a name of the IANA database, or is written in minutes.
CREATE OR REPLACE TEMP MACRO ingest_in_named_zone(moment, zone) AS
CASE
    WHEN zone = '' THEN ingest_local(moment)
    WHEN regexp_matches(zone, '^[+-]\d{3}$$') THEN moment - to_minutes(try_cast(zone AS INTEGER))
    -- DuckDB fails at a name that it does not know.
    WHEN zone IN (SELECT name FROM pg_timezone_names())
        THEN timezone('UTC', timezone(zone, moment))
END;

-- The time that a text without a zone is, as it is written.
CREATE OR REPLACE TEMP MACRO ingest_time_written(text) AS
list_transform(
    [ingest_time_parts(text)],
    lambda time_parts: ingest_written(time_parts[1], time_parts[2], time_parts[3], time_parts[4], time_parts[5])
)[1];

-- TAI64N: seconds of atomic time and nanoseconds, in hexadecimal digits.
CREATE OR REPLACE TEMP MACRO ingest_time_atomic(text) AS
CASE
    WHEN regexp_matches(text, '^@4[0-9a-f]{23}$$')
        THEN make_timestamp(
            (try_cast('0x' || text[3:17] AS BIGINT) - 10) * 1000000
            + try_cast('0x' || text[18:25] AS BIGINT) // 1000
        )
END;

-- An epoch that can be the time of a log: from 1973 to 2103, in s, ms, us or ns.
CREATE OR REPLACE TEMP MACRO ingest_time_epoch(text) AS
list_transform(
    [ingest_epoch_microseconds(text)],
    lambda epoch_number: CASE
        WHEN epoch_number BETWEEN 94694400000000 AND 4197052800000000
            THEN make_timestamp(epoch_number)
    END
)[1];

-- The time that a text is, in UTC; NULL if it is none.
CREATE OR REPLACE TEMP MACRO ingest_time(text) AS
coalesce(
    CASE
        WHEN starts_with(text, '@') THEN ingest_time_atomic(text)
        WHEN regexp_matches(text, '^\d{9,19}(?:[.,]\d+)?$$|^\d[.\d]*[eE]')
            THEN ingest_time_epoch(replace(text, ',', '.'))
    END,
    list_transform(
        list_transform(
            [ingest_time_parts(text)],
            lambda time_parts: {'moment': ingest_written(time_parts[1], time_parts[2], time_parts[3], time_parts[4], time_parts[5]), 'zone': time_parts[6]}
        ),
        lambda time_written: ingest_in_zone(time_written.moment, time_written.zone)
    )[1]
);

-- What was guessed to read a time; NULL if nothing was.
CREATE OR REPLACE TEMP MACRO ingest_time_guess(text) AS
CASE
    WHEN regexp_matches(text, '^\d{2}:\d{2}') THEN $date_guess
    WHEN regexp_matches(text, '^(?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|1[0-2])[-/]\d{2}')
        AND NOT $date_is_certain
        THEN if($day_first, 'day before month', 'month before day')
    WHEN regexp_matches(text, '^(?:1[3-9]|2\d|3[01])[-/](?:0?[1-9]|1[0-2])[-/]\d{2}[ ,T]')
        THEN 'day, month, year'
    WHEN regexp_matches(text, '(?:UTC|GMT)[+-]\d{1,2}$$')
        THEN regexp_extract(text, '(?:UTC|GMT)[+-]\d+') || ' as east of Greenwich'
    ELSE CASE regexp_extract(text, ' ?([A-Z]{3,5})(?: \d{4})?$$', 1) $zone_guesses END
END;
