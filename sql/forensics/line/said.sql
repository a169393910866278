-- What was said of a line, its event or its template: labels, answers and feedback, the newest first.
SELECT
    said.at,
    said.kind,
    said.judgement,
    coalesce(said.author, said.source) AS author,
    said.reason
FROM (
    SELECT
        labelled_at AS at,
        'label' AS kind,
        CASE WHEN is_anomaly THEN 'anomalous' ELSE 'normal' END AS judgement,
        author,
        source,
        coalesce(evidence, category) AS reason
    FROM fame.labels
    WHERE log_id = $log_id OR (event_id = $event_id AND source <> 'dataset')
    UNION ALL
    SELECT answered_at, 'answer', label, author, source, evidence
    FROM fame.answers
    WHERE template_id = $template_id
    UNION ALL
    SELECT
        created_at,
        'feedback',
        CASE WHEN is_anomaly THEN 'confirmed' ELSE 'dismissed' END,
        author,
        NULL,
        comment
    FROM fame.feedback
    WHERE log_id = $log_id OR event_id = $event_id OR template_id = $template_id
) AS said
ORDER BY said.at DESC, said.kind, said.judgement, author, said.reason
LIMIT 20;
