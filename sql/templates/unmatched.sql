SELECT
    count(*) AS events,
    coalesce(min(event_id), 1) AS first_event,
    coalesce(max(event_id), 0) AS last_event
FROM fame.events
WHERE template_id IS NULL;
