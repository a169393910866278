-- Events after one that a model has not scored: numbers grow in the order in which events come.
SELECT
    events.event_id,
    events.canonical,
    events.template_id IS NULL AS is_unmatched
FROM fame.events AS events
ANTI JOIN (
    SELECT event_id
    FROM fame.scores
    WHERE model_version = $model_version AND event_id > $after
) AS scored
    ON events.event_id = scored.event_id
WHERE events.event_id > $after
ORDER BY events.event_id
LIMIT $most;
