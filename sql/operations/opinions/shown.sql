-- FAME's verdict on incidents, and beside it the newest opinion of each model, the newest incident first.
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
    given.disproof,
    given.proposal,
    given.revision < incidents.revision AS is_outdated,
    given.cost_usd,
    given.asked_at
FROM fame.incidents AS incidents
INNER JOIN (
    SELECT *
    FROM fame.second_opinions
    QUALIFY row_number() OVER (PARTITION BY incident_id, model ORDER BY asked_at DESC, request_hash) = 1
) AS given ON incidents.incident_id = given.incident_id
WHERE len($wanted::VARCHAR[]) = 0 OR list_contains($wanted::VARCHAR[], incidents.incident_id)
ORDER BY incidents.last_seen DESC, incidents.incident_id, given.model;
