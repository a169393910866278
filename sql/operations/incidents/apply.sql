INSERT INTO fame.stored_incidents
SELECT
    changed.incident_id,
    changed.fingerprint,
    changed.service_name,
    changed.domain,
    changed.template_id,
    changed.anomaly,
    changed.severity,
    'open' AS state,
    changed.first_seen,
    changed.last_seen,
    changed.lines,
    changed.lines_to_read,
    changed.counts,
    changed.worst_score,
    changed.mean_score,
    changed.lines AS told_lines,
    0 AS revision,
    false AS silenced,
    facts.now AS opened_at,
    facts.now AS updated_at,
    NULL AS resolved_at,
    NULL AS merged_into
FROM changed_incidents AS changed
CROSS JOIN incident_update AS facts
WHERE changed.transition = 'opened'
ORDER BY changed.service_name, changed.first_seen;

UPDATE fame.stored_incidents SET
    domain = changed.domain,
    template_id = changed.template_id,
    anomaly = changed.anomaly,
    severity = changed.severity,
    state = CASE
        WHEN changed.transition = 'worsened' THEN 'worsened'
        WHEN changed.transition = 'reopened' THEN 'open'
        ELSE stored_incidents.state
    END,
    first_seen = changed.first_seen,
    last_seen = changed.last_seen,
    lines = changed.lines,
    lines_to_read = changed.lines_to_read,
    counts = changed.counts,
    worst_score = changed.worst_score,
    mean_score = changed.mean_score,
    updated_at = facts.now,
    resolved_at = CASE WHEN changed.transition = 'reopened' THEN NULL ELSE stored_incidents.resolved_at END
FROM changed_incidents AS changed
CROSS JOIN incident_update AS facts
WHERE stored_incidents.incident_id = changed.incident_id;

-- One that is part of another now is over as itself, which people have to know of if it was open.
CREATE OR REPLACE TEMP TABLE merged_incidents AS
SELECT heirs.incident_id, heirs.heir, stored.state <> 'resolved' AS was_open
FROM incident_heirs AS heirs
INNER JOIN fame.stored_incidents AS stored ON heirs.incident_id = stored.incident_id
WHERE heirs.incident_id <> heirs.heir;

UPDATE fame.stored_incidents SET
    state = 'resolved',
    resolved_at = coalesce(stored_incidents.resolved_at, facts.now),
    merged_into = merged.heir
FROM merged_incidents AS merged
CROSS JOIN incident_update AS facts
WHERE stored_incidents.incident_id = merged.incident_id;

CREATE OR REPLACE TEMP TABLE incidents_to_tell AS
SELECT incident_id, transition FROM changed_incidents WHERE transition IS NOT NULL
UNION ALL
SELECT incident_id, 'resolved' FROM merged_incidents WHERE was_open
UNION ALL
SELECT stored.incident_id, 'corrected'
FROM fame.stored_incidents AS stored
INNER JOIN shrunken_incidents AS shrunken ON stored.incident_id = shrunken.incident_id
WHERE
    stored.merged_into IS NULL
    AND stored.incident_id NOT IN (
        SELECT changed.incident_id FROM changed_incidents AS changed WHERE changed.transition IS NOT NULL
    );
