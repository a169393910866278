SELECT coalesce(sum(events.lines), 0)::BIGINT
FROM fame.scores AS scores
INNER JOIN fame.events AS events ON scores.event_id = events.event_id
WHERE scores.model_version = $model_version AND list_contains($templates, scores.template_id);
