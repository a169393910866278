SELECT
    events.canonical,
    $stored_columns
FROM fame.scores AS scores
INNER JOIN fame.events AS events ON scores.event_id = events.event_id
WHERE scores.model_version = $model_version
  AND events.canonical IN (SELECT unnest($canonical::VARCHAR[]));
