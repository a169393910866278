-- A label for each event of an answered template that has none of the same source yet: events may
-- have arrived since the answer. A mixed answer says nothing of a single event.
INSERT INTO fame.labels
SELECT
    NULL AS log_id,
    events.event_id,
    events.template_id,
    answers.label = 'anomalous' AS is_anomaly,
    NULL AS category,
    answers.source,
    answers.author,
    answers.evidence,
    answers.answered_at AS labelled_at
FROM fame.answers AS answers
INNER JOIN fame.provisional_events AS noticed ON answers.template_id = noticed.template_id
INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
ANTI JOIN (SELECT event_id, source FROM fame.labels WHERE log_id IS NULL) AS labelled
    ON events.event_id = labelled.event_id AND answers.source = labelled.source
WHERE answers.label <> 'mixed'
ORDER BY events.event_id, answers.source;
