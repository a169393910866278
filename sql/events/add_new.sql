-- Ids are dense and in the order of first appearance, so that the same loads give the same ids.
INSERT INTO fame.events
SELECT
    (SELECT coalesce(max(event_id), 0) FROM fame.events)
    + row_number() OVER (ORDER BY new_events.first_place) AS event_id,
    new_events.event_hash,
    new_events.canonical,
    first_lines.body AS example,
    NULL AS template_id,
    $next_log_id - 1 + numbered.ordinal AS first_log_id,
    new_events.first_seen,
    new_events.last_seen,
    new_events.lines
FROM incoming_events AS new_events
INNER JOIN incoming AS first_lines ON new_events.first_place = first_lines.place
INNER JOIN incoming_order AS numbered ON new_events.first_place = numbered.place
ANTI JOIN fame.events AS known ON new_events.event_hash = known.event_hash;
