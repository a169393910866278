-- The number of lines of every event, those in partitions and dropped ones included.
UPDATE fame.events SET lines = counted.lines
FROM (
    SELECT
        events.event_id,
        coalesce(own.lines, 0) + coalesce(past.lines, 0) AS lines
    FROM fame.events AS events
    LEFT JOIN (SELECT event_id, count(*) AS lines FROM fame.logs GROUP BY event_id) AS own
        ON events.event_id = own.event_id
    LEFT JOIN (SELECT event_id, sum(lines) AS lines FROM fame.past_lines GROUP BY event_id) AS past
        ON events.event_id = past.event_id
) AS counted
WHERE events.event_id = counted.event_id AND events.lines <> counted.lines;

-- A message that no line has any more is no example.
UPDATE fame.events SET example = found.example
FROM (
    SELECT
        logs.event_id,
        arg_min(logs.body, logs.log_id) AS example,
        list(DISTINCT logs.body) AS bodies
    FROM fame.logs AS logs
    WHERE logs.event_id IN (SELECT old_event FROM changed_lines)
    GROUP BY logs.event_id
) AS found
WHERE events.event_id = found.event_id AND NOT list_contains(found.bodies, events.example);
