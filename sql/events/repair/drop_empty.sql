-- Events that changed lines have left empty, and of which nobody has said anything.
CREATE OR REPLACE TEMP TABLE empty_events AS
SELECT event_id FROM fame.events
WHERE
    lines = 0
    AND event_id IN (SELECT old_event FROM changed_lines)
    AND event_id NOT IN (SELECT event_id FROM fame.labels)
    AND event_id NOT IN (SELECT event_id FROM fame.feedback);

DELETE FROM fame.scores WHERE event_id IN (SELECT event_id FROM empty_events);

DELETE FROM fame.events WHERE event_id IN (SELECT event_id FROM empty_events);
