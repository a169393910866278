-- Changed lines, and what was said of them, go to the events of their messages. What was said of an
-- event as a whole goes to the event that most of its changed lines have, if no line is left; of two
-- with as many, to the older one.
CREATE OR REPLACE TEMP TABLE moved_lines AS
SELECT
    changed.row_id,
    changed.log_id,
    changed.old_event,
    events.event_id
FROM changed_lines AS changed
LEFT JOIN fame.events AS events ON changed.event_hash = events.event_hash;

UPDATE fame.logs SET event_id = moved.event_id
FROM moved_lines AS moved WHERE logs.rowid = moved.row_id;

UPDATE fame.labels SET event_id = moved.event_id, template_id = NULL
FROM moved_lines AS moved
WHERE labels.log_id = moved.log_id AND moved.event_id IS NOT NULL;

UPDATE fame.feedback SET event_id = moved.event_id
FROM moved_lines AS moved
WHERE feedback.log_id = moved.log_id AND moved.event_id IS NOT NULL;

CREATE OR REPLACE TEMP TABLE moved_events AS
SELECT
    old_event,
    max_by(event_id, (lines, -event_id)) AS event_id
FROM (
    SELECT old_event, event_id, count(*) AS lines
    FROM moved_lines
    WHERE
        event_id IS NOT NULL
        AND old_event NOT IN (SELECT event_id FROM fame.logs WHERE event_id IS NOT NULL)
        AND old_event NOT IN (SELECT event_id FROM fame.past_lines WHERE event_id IS NOT NULL)
    GROUP BY old_event, event_id
)
GROUP BY old_event;

UPDATE fame.labels SET event_id = moved.event_id, template_id = NULL
FROM moved_events AS moved WHERE labels.event_id = moved.old_event;

UPDATE fame.feedback SET event_id = moved.event_id
FROM moved_events AS moved WHERE feedback.event_id = moved.old_event;

UPDATE fame.incident_events SET event_id = moved.event_id
FROM moved_events AS moved WHERE incident_events.event_id = moved.old_event;
