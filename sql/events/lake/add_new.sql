-- Two machines that see a new event at the same moment both add its text; fame.events has it once.
INSERT INTO fame.event_rows BY NAME
SELECT
    numbers.event_id,
    new_events.event_hash,
    new_events.canonical,
    first_lines.body AS example,
    $next_log_id - 1 + numbered.ordinal AS first_log_id,
    new_events.first_seen,
    new_events.last_seen,
    new_events.lines
FROM incoming_events AS new_events
INNER JOIN incoming_numbers AS numbers ON new_events.event_hash = numbers.event_hash
INNER JOIN incoming AS first_lines ON new_events.first_place = first_lines.place
INNER JOIN incoming_order AS numbered ON new_events.first_place = numbered.place
WHERE NOT numbers.is_known;
