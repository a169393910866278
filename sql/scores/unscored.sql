SELECT
    events.event_id,
    events.canonical
FROM fame.events AS events
ANTI JOIN (SELECT event_id FROM fame.scores WHERE model_version = ?) AS scored
    ON events.event_id = scored.event_id
ORDER BY events.event_id;
