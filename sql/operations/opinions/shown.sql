-- FAME's verdict on incidents, and beside it the newest opinion of each model with the lines that it
-- names as evidence, the newest incident first. Lines that have expired are named and not shown.
WITH
given AS (
    SELECT *
    FROM fame.second_opinions
    WHERE len($wanted::VARCHAR[]) = 0 OR list_contains($wanted::VARCHAR[], incident_id)
    QUALIFY row_number() OVER (PARTITION BY incident_id, model ORDER BY asked_at DESC, request_hash) = 1
),

named AS (
    SELECT DISTINCT unnest(evidence) AS log_id FROM given
),

lines AS (
    SELECT
        logs.log_id,
        coalesce(logs.body, events.example) AS body
    FROM named
    INNER JOIN fame.logs AS logs ON named.log_id = logs.log_id
    LEFT JOIN fame.events AS events ON logs.event_id = events.event_id
)

SELECT
    incidents.incident_id,
    incidents.service_name,
    incidents.severity,
    incidents.state,
    incidents.template,
    incidents.lines,
    given.model,
    given.permission,
    given.opinion_severity,
    given.opinion_type,
    given.summary,
    given.evidence,
    (
        SELECT list(lines.body ORDER BY lines.log_id)
        FROM lines
        WHERE list_contains(given.evidence, lines.log_id)
    ) AS messages,
    given.disproof,
    given.proposal,
    given.revision < incidents.revision AS is_outdated,
    given.cost_usd,
    given.asked_at
FROM fame.incidents AS incidents
INNER JOIN given ON incidents.incident_id = given.incident_id
ORDER BY incidents.last_seen DESC, incidents.incident_id, given.model;
