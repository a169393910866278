-- What another connection has stored meanwhile is not stored twice.
INSERT INTO fame.scores BY NAME
SELECT
    scores.model_version,
    scores.event_id,
    $stored_columns,
    $scored_at AS scored_at
FROM new_verdicts AS scores
ANTI JOIN fame.scores AS stored
    ON scores.event_id = stored.event_id AND scores.model_version = stored.model_version;
