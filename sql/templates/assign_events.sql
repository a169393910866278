UPDATE fame.events
SET template_id = matched_events.template_id
FROM matched_events
WHERE events.event_id = matched_events.event_id;
