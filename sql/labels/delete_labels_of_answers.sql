-- The labels that earlier answers about these templates left on their events.
DELETE FROM fame.labels
USING given_answers AS given, fame.provisional_events AS noticed
WHERE given.template_id = noticed.template_id
    AND labels.event_id = noticed.event_id
    AND labels.source = given.source
    AND labels.log_id IS NULL;
