-- The labels of feedback: those of the last time go, also of feedback that holds no longer.
DELETE FROM fame.labels
WHERE source = 'human'
    AND log_id IS NULL
    AND (author, labelled_at) IN (SELECT (author, created_at) FROM fame.feedback);

INSERT INTO fame.labels
SELECT
    NULL AS log_id,
    events.event_id,
    events.template_id,
    named.said.is_anomaly AS is_anomaly,
    NULL AS category,
    'human' AS source,
    named.said.author AS author,
    named.said.comment AS evidence,
    named.said.created_at AS labelled_at
FROM said_of_events AS named
INNER JOIN fame.events AS events ON named.event_id = events.event_id
ORDER BY events.event_id;
