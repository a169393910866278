-- The templates of an incident, those with most lines first.
SELECT
    coalesce(templates.template, fame.provisional_template(min(events.canonical))) AS template,
    sum(cells.lines)::BIGINT AS lines,
    max(cells.score) AS score
FROM fame.incident_events AS cells
INNER JOIN fame.events AS events ON cells.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON cells.template_id = templates.template_id
WHERE cells.incident_id = $incident_id
GROUP BY cells.template_id, templates.template
ORDER BY lines DESC, template
LIMIT 20;
