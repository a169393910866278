-- No parameters: the statement is streamed, and a relation with parameters is read into memory.
SELECT
    events.event_id,
    events.canonical
FROM fame.events AS events
ANTI JOIN (
    SELECT scores.event_id
    FROM fame.scores AS scores
    SEMI JOIN fame.champion AS champion ON scores.model_version = champion.model_version
) AS scored
    ON events.event_id = scored.event_id
ORDER BY events.event_id;
