-- Counts the labelled lines after the split by event, label and the results of cheap detectors.
-- Where a template was answered, verdicts follow the answer, and later models have learned it.
SELECT
    logs.event_id,
    NOT list_contains($normal, lower(logs.label)) AS is_anomaly,
    $score AS score,
    verdicts.known_template,
    coalesce(logs.severity_number >= $fatal, FALSE) AS is_fatal,
    coalesce(logs.severity_number >= $error, FALSE) AS is_error,
    coalesce(majority.is_anomaly, TRUE) AS majority_or_unseen,
    verdicts.answer IS NOT NULL AS is_answered,
    count(*) AS lines
FROM fame.log_periods AS logs
LEFT JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id$value_heads
LEFT JOIN (
    SELECT
        events.template_id,
        sum(labels.anomalous_labels) > sum(labels.normal_labels) AS is_anomaly
    FROM fame.event_labels AS labels
    INNER JOIN fame.events AS events ON labels.event_id = events.event_id
    GROUP BY events.template_id
) AS majority ON verdicts.template_id = majority.template_id
WHERE logs.period = 'later' AND logs.label IS NOT NULL
GROUP BY ALL
ORDER BY ALL;
