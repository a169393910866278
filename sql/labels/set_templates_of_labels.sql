-- Labels that were given before their event had a template.
UPDATE fame.labels
SET template_id = events.template_id
FROM fame.events AS events
WHERE labels.event_id = events.event_id
    AND labels.template_id IS NULL
    AND events.template_id IS NOT NULL;
