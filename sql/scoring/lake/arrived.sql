-- Events that a model has not scored. Their numbers say nothing of the order in which they came, so
-- what is after one of them is all that is left.
SELECT
    events.event_id,
    any_value(events.canonical) AS canonical,
    max(events.template_id) IS NULL AS is_unmatched
FROM fame.event_rows AS events
ANTI JOIN (SELECT event_id FROM fame.scores WHERE model_version = $model_version) AS scored
    ON events.event_id = scored.event_id
WHERE $after IS NOT NULL
GROUP BY events.event_id
HAVING any_value(events.canonical) IS NOT NULL
ORDER BY events.event_id
LIMIT $most;
