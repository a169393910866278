INSERT INTO fame.labels
SELECT
    log_id,
    event_id,
    template_id,
    is_anomaly,
    NULL AS category,
    $source AS source,
    author,
    evidence,
    $labelled_at AS labelled_at
FROM judged_lines;
