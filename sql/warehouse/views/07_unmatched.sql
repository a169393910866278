-- Lines that no template matches yet: new messages, and often the most informative ones. Lines in
-- partitions are included.
CREATE OR REPLACE VIEW fame.unmatched AS
SELECT
    logs.*,
    events.canonical
FROM fame.all_logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE events.template_id IS NULL;
