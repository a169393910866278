-- Times in any of the usual ways of writing. The parts are text; a part that is not there is ''.

-- Minutes east of Greenwich; NULL for a zone that is not known.
CREATE OR REPLACE TEMP MACRO ingest_offset_parts(zone) AS
regexp_extract(
    zone, '^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$$', ['sign', 'hours', 'minutes']
);

CREATE OR REPLACE TEMP MACRO ingest_offset(zone) AS
CASE
    WHEN ingest_offset_parts(zone).sign <> ''
        THEN if(ingest_offset_parts(zone).sign = '-', -1, 1) * (
            60 * try_cast(ingest_offset_parts(zone).hours AS INTEGER)
            + coalesce(try_cast(ingest_offset_parts(zone).minutes AS INTEGER), 0)
        )
    ELSE $zone_minutes[list_position($zone_names, upper(zone))]
END;

CREATE OR REPLACE TEMP MACRO ingest_month(name) AS
$month_numbers[list_position($month_names, lower(rtrim(name, '.')))];

-- A clock as DuckDB reads it: hh:mm:ss.ffffff.
CREATE OR REPLACE TEMP MACRO ingest_clock(clock) AS
regexp_replace(clock, '^(\d+:\d+:\d+)[.,:](\d{1,6})\d*$$', '\1.\2');

-- The second 60 is the first of the next minute. A half of the day is A or P, or ''.
CREATE OR REPLACE TEMP MACRO ingest_written(day, clock, half) AS
CASE
    WHEN regexp_matches(clock, '^\d+:\d+:60')
        THEN try_cast(
            day || ' ' || regexp_replace(ingest_clock(clock), ':60', ':59') AS TIMESTAMP
        ) + INTERVAL 1 SECOND
    ELSE try_cast(
        day || ' ' || ingest_clock(clock) || if(length(clock) < 6, ':00', '') AS TIMESTAMP
    )
END + CASE
    WHEN lower(half) = 'p' AND try_cast(split_part(clock, ':', 1) AS INTEGER) < 12
        THEN INTERVAL 12 HOURS
    WHEN lower(half) = 'a' AND split_part(clock, ':', 1) = '12' THEN INTERVAL (-12) HOURS
    ELSE INTERVAL 0 HOURS
END;

CREATE OR REPLACE TEMP MACRO ingest_in_zone(moment, zone) AS
CASE
    WHEN zone = '' THEN ingest_local(moment)
    ELSE moment - to_minutes(ingest_offset(zone))
END;

CREATE OR REPLACE TEMP MACRO ingest_full_year(year) AS if(length(year) = 2, '20' || year, year);

-- 2024-2-3 4:05, 2024.02.03 04:05:06 PM CET
CREATE OR REPLACE TEMP MACRO ingest_year_first(text) AS
regexp_extract(
    text,
    '^(?:[A-Za-zÀ-ɏ]{2,9},? )?(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ,_-]{1,3}$clock ?$zone?$$',
    ['year', 'month', 'day', 'clock', 'half', 'zone']
);

CREATE OR REPLACE TEMP MACRO ingest_time_year_first(parts) AS
ingest_in_zone(
    ingest_written(
        parts.year || '-' || parts.month || '-' || parts.day, parts.clock, parts.half
    ),
    parts.zone
);

-- 03.02.2024 04:05:06, 2/3/24 4:05 PM
CREATE OR REPLACE TEMP MACRO ingest_year_last(text) AS
regexp_extract(
    text,
    '^(\d{1,2})([./-])(\d{1,2})(?:[./-](\d{4})|\.(\d{2}))[ ,T-]{1,2}$clock ?$zone?$$',
    ['first', 'mark', 'second', 'year', 'short_year', 'clock', 'half', 'zone']
);

CREATE OR REPLACE TEMP MACRO ingest_is_day_first(parts) AS
parts.mark = '.' OR try_cast(parts.first AS INTEGER) > 12
OR (try_cast(parts.second AS INTEGER) <= 12 AND $day_first);

CREATE OR REPLACE TEMP MACRO ingest_time_year_last(parts) AS
CASE
    WHEN parts.first <> ''
        THEN ingest_in_zone(
            ingest_written(
                ingest_full_year(parts.year || parts.short_year) || '-'
                || if(ingest_is_day_first(parts), parts.second, parts.first) || '-'
                || if(ingest_is_day_first(parts), parts.first, parts.second),
                parts.clock,
                parts.half
            ),
            parts.zone
        )
END;

-- 3/Feb/2024:04:05:06 +0100, 03-Feb-24 04:05:06, Sat, 3 Feb 2024 04:05:06 GMT
CREATE OR REPLACE TEMP MACRO ingest_day_month(text) AS
regexp_extract(
    text,
    '^(?:[A-Za-zÀ-ɏ]{2,9}\.?,? )?(\d{1,2})\.?[-/ ]([A-Za-zÀ-ɏ]{3,9}\.?)(?:[-/ ](\d{4})|[-/](\d{2}))?[: ,T]{1,2}$clock ?$zone?$$',
    ['day', 'month', 'year', 'short_year', 'clock', 'half', 'zone']
);

-- Feb  3 04:05:06, Feb 03, 2024 4:05:06 AM, Sat Feb  3 04:05:06 CET 2024
CREATE OR REPLACE TEMP MACRO ingest_month_day(text) AS
regexp_extract(
    text,
    '^(?:[A-Za-zÀ-ɏ]{2,9}\.?,? +)?([A-Za-zÀ-ɏ]{3,9}\.?) {1,2}(\d{1,2})(?:,? (\d{4}))?,? $clock ?$zone?(?: (\d{4}))?$$',
    ['month', 'day', 'year', 'clock', 'half', 'zone', 'late_year']
);

CREATE OR REPLACE TEMP MACRO ingest_time_of_month(year, month_number, day, clock, half, zone) AS
CASE
    WHEN year <> ''
        THEN ingest_in_zone(
            ingest_written(
                ingest_full_year(year) || '-' || month_number || '-' || day, clock, half
            ),
            zone
        )
    WHEN zone = '' THEN ingest_yearless(month_number, day, ingest_clock(clock))
    ELSE ingest_yearless_written(month_number, day, ingest_clock(clock))
        - to_minutes(ingest_offset(zone))
END;

CREATE OR REPLACE TEMP MACRO ingest_time_day_month(parts) AS
ingest_time_of_month(
    parts.year || parts.short_year,
    ingest_month(parts.month),
    parts.day,
    parts.clock,
    parts.half,
    parts.zone
);

CREATE OR REPLACE TEMP MACRO ingest_time_month_day(parts) AS
ingest_time_of_month(
    parts.year || parts.late_year,
    ingest_month(parts.month),
    parts.day,
    parts.clock,
    parts.half,
    parts.zone
);

-- 20240203T040506Z, 240203 040506, 240203  4:05:06
CREATE OR REPLACE TEMP MACRO ingest_packed(text) AS
regexp_extract(
    text,
    '^(\d{4}|\d{2})(\d{2})(\d{2})[T _-]{0,2}(\d{1,2}):?(\d{2}):?(\d{2}(?:[.,]\d{1,6})?)\d* ?$zone?$$',
    ['year', 'month', 'day', 'hour', 'minute', 'second', 'zone']
);

CREATE OR REPLACE TEMP MACRO ingest_time_packed(parts) AS
ingest_in_zone(
    ingest_written(
        ingest_full_year(parts.year) || '-' || parts.month || '-' || parts.day,
        parts.hour || ':' || parts.minute || ':' || parts.second,
        ''
    ),
    parts.zone
);

-- 20240203-4:5:6:789, without leading noughts
CREATE OR REPLACE TEMP MACRO ingest_loose(text) AS
regexp_extract(
    text,
    '^(\d{4})(\d{2})(\d{2})[T _-](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,6}))?$$',
    ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction']
);

CREATE OR REPLACE TEMP MACRO ingest_time_loose(parts) AS
ingest_local(
    ingest_written(
        parts.year || '-' || parts.month || '-' || parts.day,
        lpad(parts.hour, 2, '0') || ':' || lpad(parts.minute, 2, '0') || ':'
        || lpad(parts.second, 2, '0')
        || if(parts.fraction = '', '', '.' || lpad(parts.fraction, 3, '0')),
        ''
    )
);

-- 02-03 04:05:06.789
CREATE OR REPLACE TEMP MACRO ingest_time_without_year(text) AS
CASE
    WHEN regexp_matches(text, '^\d{2}[-/]\d{2}[ T]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?$$')
        THEN ingest_yearless(
            try_cast(text[1:2] AS INTEGER), text[4:5], ingest_clock(text[7:])
        )
END;

-- 04:05:06.789: the date is that of the last change of the source.
CREATE OR REPLACE TEMP MACRO ingest_time_without_date(text) AS
CASE
    WHEN regexp_matches(text, '^\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?$$')
        THEN ingest_local(
            ingest_written(strftime(ingest_latest(), '%Y-%m-%d'), text, '')
        )
END;

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
CASE
    WHEN ingest_epoch_microseconds(text) BETWEEN 94694400000000 AND 4197052800000000
        THEN make_timestamp(ingest_epoch_microseconds(text))
END;

-- The time that a text is, in UTC; NULL if it is none. A lambda takes the parts once.
CREATE OR REPLACE TEMP MACRO ingest_time(text) AS
CASE
    WHEN text IS NULL THEN NULL
    WHEN regexp_matches(text, '^\d{4}[-/.]\d{1,2}[-/.]')
        THEN coalesce(
            ingest_iso_timestamp(text),
            list_transform(
            [ingest_year_first(text)], lambda parts: ingest_time_year_first(parts)
        )[1]
        )
    WHEN regexp_matches(text, '^\d{1,2}[./-]\d{1,2}[./-]\d')
        THEN list_transform(
            [ingest_year_last(text)], lambda parts: ingest_time_year_last(parts)
        )[1]
    WHEN regexp_matches(text, '^\d{1,2}\.?[-/ ][A-Za-zÀ-ɏ]|^[A-Za-zÀ-ɏ]+\.?,? \d{1,2}\.?[-/ ][A-Za-zÀ-ɏ]')
        THEN list_transform(
            [ingest_day_month(text)], lambda parts: ingest_time_day_month(parts)
        )[1]
    WHEN regexp_matches(text, '^[A-Za-zÀ-ɏ]+,? \d{4}[-/.]')
        THEN list_transform(
            [ingest_year_first(text)], lambda parts: ingest_time_year_first(parts)
        )[1]
    WHEN regexp_matches(text, '^[A-Za-zÀ-ɏ]')
        THEN list_transform(
            [ingest_month_day(text)], lambda parts: ingest_time_month_day(parts)
        )[1]
    WHEN regexp_matches(text, '^\d{2}[-/]\d{2}[ T]') THEN ingest_time_without_year(text)
    WHEN regexp_matches(text, '^\d{2}:') THEN ingest_time_without_date(text)
    WHEN starts_with(text, '@') THEN ingest_time_atomic(text)
    ELSE coalesce(
        ingest_time_epoch(text),
        list_transform([ingest_loose(text)], lambda parts: ingest_time_loose(parts))[1],
        list_transform(
            [ingest_packed(text)], lambda parts: ingest_time_packed(parts)
        )[1]
    )
END;

-- What was guessed to read a time; NULL if nothing was.
CREATE OR REPLACE TEMP MACRO ingest_time_guess(text) AS
CASE
    WHEN regexp_matches(text, '^\d{2}:\d{2}') THEN 'the date'
    WHEN regexp_matches(text, '^(?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|1[0-2])[-/]\d{2}')
        AND NOT $date_is_certain
        THEN if($day_first, 'day before month', 'month before day')
    WHEN regexp_matches(text, '(?:UTC|GMT)[+-]\d{1,2}$$')
        THEN regexp_extract(text, '(?:UTC|GMT)[+-]\d+') || ' as east of Greenwich'
    ELSE CASE regexp_extract(text, ' ?([A-Z]{3,5})(?: \d{4})?$$', 1) $zone_guesses END
END;
