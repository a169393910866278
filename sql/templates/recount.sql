UPDATE fame.templates
SET
    events = counted.events,
    lines = counted.lines,
    first_seen = counted.first_seen,
    service_name = counted.service_name
FROM (
    SELECT
        events.template_id,
        count(DISTINCT events.event_id) AS events,
        sum(services.lines) AS lines,
        min(events.first_seen) AS first_seen,
        arg_max(services.service_name, (services.lines, services.service_name)) AS service_name
    FROM fame.events AS events
    INNER JOIN (
        SELECT event_id, service_name, sum(lines) AS lines
        FROM (
            SELECT event_id, coalesce(service_name, '') AS service_name, count(*) AS lines
            FROM fame.logs
            WHERE event_id IS NOT NULL
            GROUP BY ALL
            UNION ALL
            SELECT event_id, coalesce(service_name, '') AS service_name, lines
            FROM fame.past_lines
            WHERE event_id IS NOT NULL
        )
        GROUP BY ALL
    ) AS services ON events.event_id = services.event_id
    WHERE events.template_id IS NOT NULL
    GROUP BY events.template_id
) AS counted
WHERE templates.template_id = counted.template_id;
