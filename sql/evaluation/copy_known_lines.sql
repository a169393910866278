-- Copies what a trial may know: the lines listed in kept_lines and their events.
INSERT INTO fame.logs
SELECT logs.*
FROM whole.fame.logs AS logs
INNER JOIN kept_lines ON logs.log_id = kept_lines.log_id;

INSERT INTO fame.events
SELECT
    known.event_id,
    known.event_hash,
    known.canonical,
    arg_min(logs.body, logs.log_id) AS example,
    NULL AS template_id,
    min(logs.log_id) AS first_log_id,
    min(logs.timestamp) AS first_seen,
    max(logs.timestamp) AS last_seen,
    count(*) AS lines
FROM whole.fame.events AS known
INNER JOIN fame.logs AS logs ON known.event_id = logs.event_id
GROUP BY known.event_id, known.event_hash, known.canonical;

DELETE FROM fame.masks;

INSERT INTO fame.masks SELECT * FROM whole.fame.masks;
