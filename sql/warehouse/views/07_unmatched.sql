-- Lines that no template matches yet: new messages, and often the most informative ones.
CREATE OR REPLACE VIEW fame.unmatched AS
SELECT
    logs.*,
    events.canonical
FROM fame.logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE events.template_id IS NULL;
