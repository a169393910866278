UPDATE fame.events
SET
    lines = events.lines + incoming_events.lines,
    first_seen = least(events.first_seen, incoming_events.first_seen),
    last_seen = greatest(events.last_seen, incoming_events.last_seen)
FROM incoming_events
WHERE events.event_hash = incoming_events.event_hash;
