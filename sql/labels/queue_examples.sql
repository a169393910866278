-- Messages of a provisional template: the first one of each event, the earliest events first, so
-- that the same are shown however many lines have come since.
SELECT
    logs.log_id,
    logs.event_id,
    events.template_id,
    fame.provisional_template(events.canonical) AS template,
    logs.timestamp,
    logs.host_name,
    logs.service_name,
    logs.severity_text,
    coalesce(logs.body, events.example) AS body,
    events.lines
FROM fame.provisional_events AS noticed
INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
LEFT JOIN fame.logs AS logs ON events.first_log_id = logs.log_id
WHERE noticed.template_id = $template_id
ORDER BY events.event_id
LIMIT $at_most;
