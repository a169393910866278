-- Records that are objects: one document per record. For each column the first of its keys that
-- holds something is taken; the others are kept in attributes. Which keys are looked for at first
-- follows from the beginning of the source: $other finds the documents that have others.
-- Functions that copy a document recurse, so a document that is nested too deeply stays text.
WITH checked AS (
    SELECT
        *,
        $text AS written,
        -- CASE, because both sides of OR are computed.
        CASE
            WHEN strlen(line) <= 10000 THEN true
            ELSE length(line) - length(translate(line, '[{', '')) <= 5000
        END AS shallow
    FROM raw_lines
),

documents AS (
    SELECT
        *,
        CASE
            WHEN NOT shallow OR NOT starts_with(ltrim(written, E' \t'), '{') THEN NULL
            WHEN json_valid(written) THEN written
            WHEN contains(written, '\ud') AND json_valid(ingest_whole_characters(written))
                THEN ingest_whole_characters(written)
        END AS whole
    FROM checked
),

-- Of an object that is too long or has bytes that are no text, the head has the time and the level.
headed AS (
    SELECT
        *,
        whole IS NULL AND fault IS NOT NULL AND starts_with(ltrim(line, E' \t'), '{') AS is_cut
    FROM documents
),

objects AS (
    SELECT
        *,
        CASE
            WHEN is_cut AND json_valid(ingest_head_of_object(line)) THEN ingest_head_of_object(line)
            ELSE whole
        END AS object
    FROM headed
),

sorted AS (SELECT *, $other AS has_others FROM objects),

extracted AS (
    SELECT
        *,
        CASE
            WHEN has_others THEN json_extract_string(object, $all_keys)
            ELSE json_extract_string(object, $usual_keys)
        END AS held
    FROM sorted
),

found AS (
    SELECT
        *,
        $message_place AS message_place,
        $severity_place AS severity_place,
        $service_place AS service_place,
        $host_place AS host_place,
        $time_place AS time_place,
        $trace_place AS trace_place,
        $span_place AS span_place,
        $label_place AS label_place,
        $number_place AS number_place,
        $said_place AS said_place
    FROM extracted
),

usual AS (
    SELECT
        *,
        if(has_others, $all_removals, $usual_removals) AS removals,
        CASE
            WHEN contains(held[time_place], ':') THEN ingest_iso_timestamp(held[time_place])
            ELSE ingest_time_epoch(held[time_place])
        END AS usual_instant,
        CASE
            WHEN try_cast(held[number_place] AS UTINYINT) BETWEEN 1 AND 24
                THEN try_cast(held[number_place] AS UTINYINT)
        END AS number,
        held[severity_place] AS severity,
        $otlp AS is_otlp
    FROM found
),

-- How a time is written that no usual way reads. A clock alone may have its date in another key.
moments AS (
    SELECT
        *,
        CASE
            WHEN usual_instant IS NOT NULL THEN NULL
            WHEN regexp_matches(held[time_place], '^\d{1,2}:\d{2}')
                THEN CASE
                    WHEN regexp_matches(
                        coalesce(object ->> 'date', object ->> 'Date'),
                        '^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))$$'
                    )
                        THEN coalesce(object ->> 'date', object ->> 'Date') || ' '
                    ELSE ''
                END || held[time_place]
            ELSE held[time_place]
        END AS moment
    FROM usual
),

timed AS (
    SELECT
        *,
        CASE
            WHEN usual_instant IS NULL THEN $written_time
            WHEN time_place IN ($instant_places)
                THEN usual_instant + to_microseconds(
                    coalesce(
                        try_cast(json_extract_string(object, '$$.instant.nanoOfSecond') AS BIGINT), 0
                    ) // 1000
                )
            ELSE usual_instant
        END AS instant,
        CASE WHEN usual_instant IS NULL THEN ingest_time_guess(moment) END AS guess
    FROM moments
),

-- A merge with NULL removes a key.
rests AS (
    SELECT
        *,
        json_merge_patch(
            object,
            '{' || concat_ws(
                ',',
                removals[message_place],
                if(instant IS NULL, NULL, removals[time_place]),
                removals[severity_place],
                removals[service_place],
                removals[host_place],
                removals[trace_place],
                removals[span_place],
                removals[label_place],
                if(number IS NULL, NULL, removals[number_place]),
                if(
                    guess IS NULL OR instant IS NULL,
                    NULL,
                    '"time_guess":' || CAST(to_json(guess) AS VARCHAR)
                )
            ) || '}'
        ) AS rest
    FROM timed
)

SELECT
    line_number,
    byte_offset,
    fault,
    instant AS timestamp,
    CASE
        -- Elsewhere the number of a level means something else in each program.
        WHEN severity_place IN ($priority_places) AND regexp_matches(severity, '^[0-7]$$')
            THEN ingest_priority_level(severity)
        WHEN message_place IN ($gelf_places) AND regexp_matches(severity, '^[0-7]$$')
            THEN ingest_priority_level(severity)
        ELSE $severity
    END AS severity_text,
    CASE
        WHEN number IS NOT NULL THEN number
        WHEN strlen(severity) = 2 AND regexp_matches(severity, '^[1-6]0$$')
            THEN [1, 5, 9, 13, 17, 21][(severity[1])::INTEGER]
    END::UTINYINT AS severity_number,
    held[service_place] AS service_name,
    held[host_place] AS host_name,
    if(is_cut, line, coalesce(ingest_decoded(held[message_place]), line)) AS body,
    held[trace_place] AS trace_id,
    held[span_place] AS span_id,
    -- A record of OTLP has attributes of its own and of its resource.
    CASE
        WHEN is_otlp THEN nullif(rest -> '$$."fame.otlp".attributes', 'null'::JSON)
        WHEN NOT is_cut AND message_place IS NOT NULL AND CAST(rest AS VARCHAR) != '{}' THEN rest
    END AS attributes,
    CASE
        WHEN is_otlp THEN nullif(rest -> '$$."fame.otlp".resource', 'null'::JSON)
    END AS resource_attributes,
    held[label_place] AS label,
    CASE
        WHEN NOT shallow THEN 'expected: a JSON object with at most 5000 brackets'
        WHEN object IS NULL THEN 'expected: $expected'
        WHEN message_place IS NULL THEN 'expected: a key with the message, such as $message_names'
        WHEN said_place IS NOT NULL AND instant IS NULL
            THEN 'expected: a time or an epoch number in '
                || coalesce(regexp_extract(removals[coalesce(time_place, said_place)], '"([^"]+)"', 1), 'its key')
    END AS parse_error
FROM rests
