-- As in a file, but by the numbers of lines, which in a lake are given once.
CREATE OR REPLACE TEMP TABLE moved_lines AS
SELECT
    changed.row_id,
    changed.log_id,
    changed.old_event,
    events.event_id
FROM changed_lines AS changed
LEFT JOIN fame.events AS events ON changed.event_hash = events.event_hash;

UPDATE fame.logs SET event_id = moved.event_id
FROM moved_lines AS moved WHERE logs.log_id = moved.log_id;

UPDATE fame.labels SET event_id = moved.event_id, template_id = NULL
FROM moved_lines AS moved
WHERE labels.log_id = moved.log_id AND moved.event_id IS NOT NULL;

UPDATE fame.feedback SET event_id = moved.event_id
FROM moved_lines AS moved
WHERE feedback.log_id = moved.log_id AND moved.event_id IS NOT NULL;

CREATE OR REPLACE TEMP TABLE moved_events AS
SELECT
    old_event,
    mode(event_id) AS event_id
FROM moved_lines
WHERE
    event_id IS NOT NULL
    AND old_event NOT IN (SELECT event_id FROM fame.logs WHERE event_id IS NOT NULL)
    AND old_event NOT IN (SELECT event_id FROM fame.past_lines WHERE event_id IS NOT NULL)
GROUP BY old_event;

UPDATE fame.labels SET event_id = moved.event_id, template_id = NULL
FROM moved_events AS moved WHERE labels.event_id = moved.old_event;

UPDATE fame.feedback SET event_id = moved.event_id
FROM moved_events AS moved WHERE feedback.event_id = moved.old_event;

UPDATE fame.incident_events SET event_id = moved.event_id
FROM moved_events AS moved WHERE incident_events.event_id = moved.old_event;
