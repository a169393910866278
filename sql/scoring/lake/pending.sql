SELECT
    count(*) AS events,
    coalesce(sum(lines), 0)::BIGINT AS lines,
    (SELECT count(*) FROM arrived_events) AS of_events
FROM arrived_events AS events
ANTI JOIN (SELECT event_id FROM fame.scores WHERE model_version = $model_version) AS scored
    ON events.event_id = scored.event_id;
