-- Every line with the suspect it belongs to: the lines of a template (or of an event that no
-- template matches) with the same level, which all or none speak of a failure. The lines of an
-- access log belong together by status, method and first folder; scanners' paths are one suspect.
CREATE OR REPLACE VIEW fame.suspect_lines AS
WITH
parsed AS (
    SELECT
        logs.*,
        CASE
            WHEN logs.parser = 'access' THEN regexp_extract(
                logs.body, '^"([A-Z]+) ([^ "?]*)[^"]*" ([1-5][0-9]{2})', ['method', 'path', 'status']
            )
        END AS request
    FROM fame.logs AS logs
),
requested AS (
    SELECT
        parsed.*,
        parsed.request.status <> '' AS is_request,
        CASE WHEN parsed.request.status LIKE '4%' THEN (
            SELECT max(phrase) FROM fame.lexicon
            WHERE starts_with(phrase, '/') AND contains(lower(parsed.request.path), phrase)
        ) END AS probe
    FROM parsed
),
said AS (
    SELECT
        requested.*,
        coalesce(events.template_id, events.event_hash) AS template_key,
        CASE
            WHEN requested.is_request THEN CASE
                WHEN requested.request.status LIKE '5%' THEN 2
                WHEN requested.request.status IN ('401', '403', '429') THEN 1
                WHEN requested.request.status LIKE '4%' THEN 0.5
                ELSE 0
            END
            WHEN requested.severity_number >= 19 THEN 3
            WHEN requested.severity_number >= 17 THEN 2
            WHEN requested.severity_number >= 13 THEN 1
            ELSE 0
        END AS severity,
        CASE
            WHEN requested.probe IS NOT NULL THEN 3
            WHEN requested.is_request THEN CASE WHEN requested.request.status LIKE '5%' THEN 2 ELSE 0 END
            ELSE coalesce(failure_words.polarity, 0)
        END AS polarity,
        CASE
            WHEN requested.probe IS NOT NULL THEN requested.probe
            WHEN requested.is_request
                THEN CASE WHEN requested.request.status LIKE '5%' THEN requested.request.status END
            ELSE failure_words.phrase
        END AS phrase,
        -- No loopback and no multicast: they say nothing of where something comes from.
        CASE
            WHEN requested.parser = 'access' THEN requested.attributes->>'client'
            ELSE nullif(
                regexp_extract(
                    requested.body,
                    '(?:^|[^0-9.])((?:[1-9]|[1-9][0-9]|1(?:[013-9][0-9]|2[0-689])|2[01][0-9]|22[0-3])(?:\.[0-9]{1,3}){3})(?:[^0-9.]|\.?$$)',
                    1
                ),
                ''
            )
        END AS address
    FROM requested
    INNER JOIN fame.events AS events ON requested.event_id = events.event_id
    LEFT JOIN fame.failure_words AS failure_words ON requested.event_id = failure_words.event_id
)
SELECT
    log_id,
    left(
        md5(
            CASE
                WHEN probe IS NOT NULL THEN 'probe'
                WHEN is_request AND request.status LIKE '5%' THEN request.status
                WHEN is_request
                    THEN concat_ws(
                        ' ', request.status, request.method, regexp_extract(request.path, '^/?[^/]*')
                    )
                ELSE concat_ws(' ', template_key, severity, polarity > 0)
            END
        ),
        12
    ) AS suspect_id,
    event_id,
    timestamp,
    severity_text,
    severity::DOUBLE AS severity,
    polarity,
    phrase,
    address,
    host_name,
    body
FROM said;
