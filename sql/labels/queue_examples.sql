-- Messages of a provisional template: the first one of each event, the earliest events first, so
-- that the same are shown however many lines have come since. Beside each stand the two lines of
-- the same source before and after it.
WITH
shown AS (
    SELECT
        logs.log_id,
        logs.event_id,
        events.template_id,
        fame.provisional_template(events.canonical) AS template,
        logs.timestamp,
        logs.host_name,
        logs.service_name,
        logs.severity_text,
        coalesce(logs.body, events.example) AS body,
        events.lines,
        events.event_id AS place,
        logs.source_path
    FROM fame.provisional_events AS noticed
    INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
    LEFT JOIN fame.logs AS logs ON events.first_log_id = logs.log_id
    WHERE noticed.template_id = $template_id
    ORDER BY events.event_id
    LIMIT $at_most
),

places AS (
    SELECT
        log_id,
        source_path,
        log_id + unnest([-2, -1, 1, 2]) AS near_id,
        unnest([-2, -1, 1, 2]) AS distance
    FROM shown
),

beside AS (
    SELECT
        places.log_id,
        list(coalesce(near.body, '') ORDER BY places.distance) FILTER (WHERE places.distance < 0)
            AS before,
        list(coalesce(near.body, '') ORDER BY places.distance) FILTER (WHERE places.distance > 0)
            AS after
    FROM places
    INNER JOIN fame.logs AS near
        ON places.near_id = near.log_id AND places.source_path = near.source_path
    GROUP BY places.log_id
)

SELECT
    shown.* EXCLUDE (place, source_path),
    beside.before,
    beside.after
FROM shown
LEFT JOIN beside ON shown.log_id = beside.log_id
ORDER BY shown.place;
