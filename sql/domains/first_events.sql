-- The first canonical text of each template: what an encoder reads of it.
SELECT
    template_id,
    arg_min(canonical, event_id) AS canonical
FROM fame.events
WHERE template_id IS NOT NULL
GROUP BY template_id;
