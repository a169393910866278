-- The provisional templates of events that have just been scored.
INSERT INTO fame.provisional_events
SELECT
    events.event_id,
    fame.provisional_id(events.canonical) AS template_id
FROM fame.events AS events
SEMI JOIN new_verdicts ON events.event_id = new_verdicts.event_id
ANTI JOIN fame.provisional_events AS noticed ON events.event_id = noticed.event_id
ORDER BY events.event_id;
