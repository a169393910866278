-- The first place of a source that is not what was loaded under its name before, and whether the
-- records before it are: whether any has a time, and whether any record of the source has one. The
-- last record may be the beginning of what was loaded, or have half of the next line joined to it.
WITH compared AS (
    SELECT
        incoming.place,
        incoming.timestamp,
        logs.log_id IS NOT NULL AS is_known
    FROM incoming
    LEFT JOIN fame.logs AS logs
        ON incoming.line_number = logs.line_number
            AND incoming.byte_offset = logs.byte_offset
            AND logs.ingest_id IN (SELECT unnest($before::BIGINT[]))
            AND incoming.timestamp IS NOT DISTINCT FROM logs.timestamp
            AND (
                incoming.body IS NOT DISTINCT FROM logs.body
                OR (incoming.place = $cut_place AND starts_with(logs.body, incoming.body))
                OR (incoming.place = $cut_place AND starts_with(incoming.body, logs.body || chr(10)))
            )
    WHERE incoming.ingest_id = $ingest_id
),

ended AS (
    SELECT coalesce(min(place) FILTER (NOT is_known), max(place) + 1) AS place FROM compared
)

SELECT
    (SELECT place FROM ended) AS first_place,
    count(*) FILTER (place < (SELECT place FROM ended)) AS records,
    coalesce(bool_or(timestamp IS NOT NULL) FILTER (place < (SELECT place FROM ended)), false)
        AS known_have_times,
    coalesce(bool_or(timestamp IS NOT NULL), false) AS any_has_time
FROM compared;
