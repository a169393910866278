-- The events of changed lines that the warehouse does not know; their lines are counted later.
INSERT INTO fame.event_rows BY NAME
SELECT
    fame.event_number(changed.event_hash) AS event_id,
    changed.event_hash,
    any_value(changed.canonical) AS canonical,
    arg_min(changed.body, changed.log_id) AS example,
    min(changed.log_id) AS first_log_id,
    min(changed.timestamp) AS first_seen,
    max(changed.timestamp) AS last_seen,
    0 AS lines
FROM changed_lines AS changed
ANTI JOIN fame.event_rows AS known ON changed.event_hash = known.event_hash
WHERE changed.event_hash IS NOT NULL
GROUP BY changed.event_hash;
