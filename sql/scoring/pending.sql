SELECT
    count(*) AS events,
    coalesce(sum(lines), 0)::BIGINT AS lines,
    (SELECT count(*) FROM fame.events) AS of_events
FROM fame.events AS events
ANTI JOIN (SELECT event_id FROM fame.scores WHERE model_version = $model_version) AS scored
    ON events.event_id = scored.event_id;
