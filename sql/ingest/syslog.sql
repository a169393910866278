-- Syslog in files: [<priority>] Mon dd [yyyy] hh:mm:ss host program[pid]: message (RFC 3164),
-- or with an ISO 8601 time instead of the clock, as written by rsyslog and journald. A zone can
-- stand after the clock or the year, as routers write it.
WITH headed AS (
    SELECT
        *,
        regexp_extract(
            line,
            '^(?:<(\d{1,3})>)?([A-Z][a-z]{2}|[a-zÀ-ɏ]{3,5}\.?) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)\d* {1,2}(?:((?:19|20)\d{2}) {1,2})?(?:($zones|[+-]\d{2}:?\d{2}):? {1,2})?(\S+)(?: |$)',
            ['priority', 'month', 'day', 'year', 'clock', 'late_year', 'zone', 'host']
        ) AS classic,
        if(
            regexp_matches(line, '^(?:<\d{1,3}>)?\d'),
            regexp_extract(
                line,
                '^(?:<(\d{1,3})>)?(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?) (\S+)(?: |$)',
                ['priority', 'moment', 'host']
            ),
            NULL
        ) AS iso
    FROM raw_lines
),

months AS (
    SELECT
        *,
        coalesce(
            nullif(ingest_month_number(classic.month), 0), ingest_month(classic.month)
        ) AS month
    FROM headed
),

timed AS (
    SELECT
        *,
        coalesce(
            ingest_iso_timestamp(iso.moment),
            if(
                classic.year || classic.late_year = '',
                ingest_in_zone(
                    ingest_yearless_written(month, classic.day, classic.clock), classic.zone
                ),
                ingest_in_zone(
                    ingest_dated(
                        classic.year || classic.late_year, month, classic.day, classic.clock
                    ),
                    classic.zone
                )
            )
        ) AS moment,
        -- What ends with a colon is a program, and what begins with a bracket is no host either.
        nullif(
            regexp_replace(coalesce(nullif(classic.host, ''), iso.host), '^(?:.*[^:]:|[\[(].*)$', ''), ''
        ) AS host,
        coalesce(nullif(classic.priority, ''), nullif(iso.priority, '')) AS priority
    FROM months
),

messages AS (
    SELECT
        *,
        if(
            moment IS NULL,
            line,
            regexp_replace(line, '^(?:<\d{1,3}>)?(?:\S+T|[A-Za-zÀ-ɏ]{3,5}\.? +\d+ (?:\d{4} )?)\S+ {1,2}(?:(?:19|20)\d{2} {1,2})?(?:(?:$zones|[+-]\d{2}:?\d{2}):? {1,2})?(?:[^\s\[(](?:\S*[^\s:])?(?: |$)|\S*::(?: |$))?', '')
        ) AS message
    FROM timed
),

-- BusyBox and OpenWrt write the facility and the level before the program, maybe instead of the host.
selected AS (
    SELECT
        *,
        if(
            -- Most lines need no closer look.
            contains(host, '.'),
            regexp_extract(host, '^(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])\.(emerg|panic|alert|crit|err|error|warn|warning|notice|info|debug)$', 1),
            ''
        ) AS host_level,
        if(
            contains(message[:20], '.'),
            regexp_extract(message, '^(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])\.(emerg|panic|alert|crit|err|error|warn|warning|notice|info|debug) ', 1),
            ''
        ) AS message_level
    FROM messages
),

chosen AS (
    SELECT
        * REPLACE (
            if(host_level = '', host, NULL) AS host,
            if(message_level = '', message, regexp_replace(message, '^\S+ ', '')) AS message
        )
    FROM selected
),

programs AS (
    SELECT
        *,
        if(moment IS NULL, NULL, ingest_syslog_program(message)) AS program,
        -- The level in the tag of Cisco's messages.
        if(
            moment IS NULL,
            '',
            regexp_extract(message, '^(?:[\w./-]+(?:\[\d+\])?)?(?:: )?%[A-Z0-9_]+-([0-7])-', 1)
        ) AS facility_level,
        -- The level that Solaris writes before the message.
        if(
            moment IS NULL,
            '',
            regexp_extract(message, '^\S+: \[ID \d+ \w+\.([a-z]+)\] ', 1)
        ) AS identified_level
    FROM chosen
),

-- A tag may have no blank after it, or one in it; then the number of the process ends it.
tags AS (
    SELECT
        *,
        if(
            moment IS NULL OR program IS NOT NULL,
            '',
            regexp_extract(message, '^[A-Za-z][\w./()-]*(?: [\w./()-]+){0,2}\[\d+\]:? ?')
        ) AS tag
    FROM programs
),

-- The level that Kerberos writes after the number of its process, and BIG-IP before the program.
leveled AS (
    SELECT
        *,
        CASE
            WHEN contains(program, '](') THEN regexp_extract(program, '\]\(([A-Za-z]+)\):$', 1)
            WHEN tag <> ''
                THEN regexp_extract(
                    tag, '^(emerg|alert|crit|err|warning|notice|info|debug) [\w./-]+\[', 1
                )
            ELSE ''
        END AS tagged_level,
        -- Without a program, a word that begins like a sentence is no host, but one. So is each word
        -- that is not known as a host, where the lines say which are.
        CASE
            WHEN tag = '' AND program IS NULL AND NOT host IN ($hosts)
                THEN regexp_extract(host, '$no_host')
            ELSE ''
        END AS first_word
    FROM tags
),

bodies AS (
    SELECT
        *,
        concat(
            if(first_word = '', '', first_word || ' '),
            if(
                tag = '',
                ingest_after_program(message, program),
                substr(message, length(tag) + 1)
            )
        ) AS body
    FROM leveled
)

SELECT
    line_number,
    byte_offset,
    fault,
    moment AS timestamp,
    CASE
        WHEN moment IS NULL THEN NULL
        WHEN facility_level <> '' THEN ingest_priority_level(facility_level)
        WHEN host_level <> '' THEN host_level
        WHEN message_level <> '' THEN message_level
        WHEN identified_level <> '' THEN identified_level
        WHEN tagged_level <> '' THEN tagged_level
        WHEN priority IS NULL AND regexp_matches(body, '^[\[(]')
            THEN nullif(
                regexp_extract(
                    body,
                    '^(?:\([^()]{1,60}\) )?\[(?i:(emerg|alert|crit|critical|err|error|warn|warning|notice|info|debug|fatal))\][ :]',
                    1
                ),
                ''
            )
        ELSE ingest_priority_level(priority)
    END AS severity_text,
    NULL::UTINYINT AS severity_number,
    coalesce(
        ingest_program_name(program), nullif(regexp_extract(tag[length(tagged_level) + 1:], '^ ?([^\[]+)', 1), '')
    ) AS service_name,
    if(moment IS NULL OR first_word <> '', NULL, nullif(host, '-')) AS host_name,
    ltrim(body, chr(9)) AS body,
    if(
        moment IS NULL,
        NULL,
        ingest_attributes(
            json_object(
                'facility', try_cast(priority AS INTEGER) // 8,
                'pid', coalesce(
                    ingest_program_pid(program), nullif(regexp_extract(tag, '\[(\d+)\]', 1), '')
                )
            )
        )
    ) AS attributes,
    if(moment IS NULL, 'expected: Mon dd hh:mm:ss host program[pid]: message', NULL) AS parse_error
FROM bodies
