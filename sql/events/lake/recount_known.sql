INSERT INTO fame.event_rows BY NAME
SELECT
    numbers.event_id,
    known.event_hash,
    known.first_seen,
    known.last_seen,
    known.lines
FROM incoming_events AS known
INNER JOIN incoming_numbers AS numbers ON known.event_hash = numbers.event_hash
WHERE numbers.is_known;
