-- Store the changes as they are now, each with the next number.
UPDATE fame.stored_incidents SET
    revision = stored_incidents.revision + 1,
    told_lines = stored_incidents.lines
FROM incidents_to_tell AS told
WHERE stored_incidents.incident_id = told.incident_id;

INSERT INTO fame.incident_changes
WITH
by_template AS (
    SELECT cells.incident_id, cells.template_id, sum(cells.lines) AS lines
    FROM fame.incident_cells AS cells
    INNER JOIN incidents_to_tell AS told ON cells.incident_id = told.incident_id
    GROUP BY cells.incident_id, cells.template_id
),
templates AS (
    SELECT incident_id, list(template_id ORDER BY lines DESC, template_id)[:20] AS template_ids
    FROM by_template
    GROUP BY incident_id
),
examples AS (
    SELECT events.incident_id, list(events.event_id ORDER BY events.lines DESC, events.event_id)[:5] AS event_ids
    FROM fame.incident_events AS events
    INNER JOIN incidents_to_tell AS told ON events.incident_id = told.incident_id
    GROUP BY events.incident_id
)
SELECT
    (SELECT coalesce(max(number), 0) FROM fame.incident_changes)
    + row_number() OVER (ORDER BY stored.first_seen, stored.service_name, told.incident_id) AS number,
    told.incident_id,
    told.transition,
    facts.now AS changed_at,
    stored.fingerprint,
    stored.service_name,
    stored.domain,
    stored.severity,
    stored.state,
    stored.first_seen,
    stored.last_seen,
    stored.lines,
    stored.lines_to_read,
    stored.counts,
    stored.worst_score,
    coalesce(templates.template_ids, []) AS template_ids,
    coalesce(examples.event_ids, []) AS event_ids,
    coalesce(knowledge.known, '') AS known,
    stored.revision,
    stored.silenced
FROM incidents_to_tell AS told
INNER JOIN fame.stored_incidents AS stored ON told.incident_id = stored.incident_id
CROSS JOIN incident_update AS facts
LEFT JOIN fame.incident_knowledge AS knowledge ON told.incident_id = knowledge.incident_id
LEFT JOIN templates ON told.incident_id = templates.incident_id
LEFT JOIN examples ON told.incident_id = examples.incident_id
ORDER BY number;
