-- Events that are not counted yet, with the template under which they will be.
INSERT INTO fame.counted_events
SELECT
    event_id,
    template_id,
    coalesce(template_id, fame.provisional_id(canonical))
FROM fame.events
WHERE event_id NOT IN (SELECT event_id FROM fame.counted_events);
