-- Dense ids in the order of first appearance, so that the same loads give the same ids.
INSERT INTO fame.events
SELECT
    (SELECT coalesce(max(event_id), 0) FROM fame.events)
    + row_number() OVER (ORDER BY first_line) AS event_id,
    event_hash,
    canonical,
    example,
    NULL AS template_id,
    $next_log_id + (
        SELECT count(*) FROM incoming WHERE incoming.line_number < new_events.first_line
    ) AS first_log_id,
    first_seen,
    last_seen,
    lines
FROM incoming_events AS new_events
ANTI JOIN fame.events AS known ON new_events.event_hash = known.event_hash;
