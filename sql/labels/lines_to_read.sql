-- The chosen lines in the order in which a language model labels them: within a template by a
-- hash of the message, which is independent of labels and the same on every machine. Beside each
-- stand how often its event occurs in the training period, and the two lines of the same source
-- before and after it.
WITH
frequencies AS (
    SELECT
        event_id,
        count(*) AS lines,
        min(timestamp) AS first_seen,
        max(timestamp) AS last_seen
    FROM fame.log_periods
    WHERE period <> 'later' AND event_id IN (SELECT event_id FROM chosen_lines)
    GROUP BY event_id
),

places AS (
    SELECT
        logs.log_id,
        logs.source_path,
        logs.log_id + unnest([-2, -1, 1, 2]) AS near_id,
        unnest([-2, -1, 1, 2]) AS distance
    FROM chosen_lines AS chosen
    INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id
),

neighbours AS (
    SELECT
        places.log_id,
        list(coalesce(near.body, '') ORDER BY places.distance) FILTER (WHERE places.distance < 0)
            AS before,
        list(coalesce(near.body, '') ORDER BY places.distance) FILTER (WHERE places.distance > 0)
            AS after
    FROM places
    INNER JOIN fame.log_periods AS near
        ON
            places.near_id = near.log_id
            AND places.source_path = near.source_path
            AND near.period <> 'later'
    GROUP BY places.log_id
)

SELECT
    chosen.log_id,
    chosen.event_id,
    chosen.template_id,
    templates.template,
    logs.body,
    logs.severity_text,
    logs.service_name,
    frequencies.lines,
    frequencies.first_seen,
    frequencies.last_seen,
    neighbours.before,
    neighbours.after
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id
INNER JOIN fame.templates AS templates ON chosen.template_id = templates.template_id
LEFT JOIN frequencies ON chosen.event_id = frequencies.event_id
LEFT JOIN neighbours ON chosen.log_id = neighbours.log_id
ORDER BY chosen.template_id, md5(logs.body), logs.body;
