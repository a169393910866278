DELETE FROM fame.labels
USING resolved_labels AS resolved
WHERE labels.source = 'human'
    AND labels.event_id = resolved.event_id
    AND labels.log_id IS NOT DISTINCT FROM resolved.log_id;

INSERT INTO fame.labels
SELECT
    log_id,
    event_id,
    template_id,
    is_anomaly,
    NULL AS category,
    'human' AS source,
    author,
    evidence,
    $labelled_at AS labelled_at
FROM resolved_labels;
