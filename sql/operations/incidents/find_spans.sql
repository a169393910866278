-- The spans of time in which a service has new anomalies and, where one reaches to another or to a
-- stored incident within the gap, all of them. The incident that was opened first goes on.
CREATE OR REPLACE TEMP TABLE incident_spans AS
WITH
fresh AS (
    SELECT service_name, log_time AS first_seen, log_time AS last_seen
    FROM new_anomalies
    UNION
    SELECT service_name, window_start, window_end FROM new_counts
),
reach AS (
    SELECT service_name, min(first_seen) AS first_seen, max(last_seen) AS last_seen
    FROM fresh
    GROUP BY service_name
),
intervals AS (
    SELECT
        service_name,
        first_seen,
        last_seen,
        NULL::VARCHAR AS incident_id,
        NULL::TIMESTAMP AS opened_at
    FROM fresh
    UNION ALL
    SELECT
        stored.service_name,
        stored.first_seen,
        stored.last_seen,
        stored.incident_id,
        stored.opened_at
    FROM fame.stored_incidents AS stored
    INNER JOIN reach ON stored.service_name = reach.service_name
    CROSS JOIN incident_update AS facts
    WHERE stored.merged_into IS NULL
        AND stored.first_seen <= reach.last_seen + facts.gap
        AND stored.last_seen >= reach.first_seen - facts.gap
),
ordered AS (
    SELECT
        *,
        max(last_seen) OVER (
            PARTITION BY service_name
            ORDER BY first_seen, last_seen, incident_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
    FROM intervals
),
numbered AS (
    SELECT
        ordered.*,
        sum((reached IS NULL OR first_seen > reached + facts.gap)::INTEGER) OVER (
            PARTITION BY service_name
            ORDER BY first_seen, last_seen, incident_id
            ROWS UNBOUNDED PRECEDING
        ) AS span
    FROM ordered
    CROSS JOIN incident_update AS facts
)
SELECT
    service_name,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    coalesce(
        min_by(incident_id, (opened_at, incident_id)) FILTER (WHERE incident_id IS NOT NULL),
        'i' || left(md5(concat_ws(chr(31), service_name, min(first_seen))), 12)
    ) AS incident_id,
    list(incident_id) FILTER (WHERE incident_id IS NOT NULL) AS stored_ids
FROM numbered
GROUP BY service_name, span
HAVING bool_or(incident_id IS NULL);
