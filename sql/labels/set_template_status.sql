UPDATE fame.templates
SET
    status = CASE
        WHEN coalesce(counted.normal_labels, 0) + coalesce(counted.anomalous_labels, 0) = 0
            THEN 'unlabelled'
        WHEN counted.anomalous_labels = 0 THEN 'normal'
        WHEN counted.normal_labels = 0 THEN 'anomalous'
        ELSE 'mixed'
    END
FROM (
    SELECT
        known.template_id,
        sum(event_labels.normal_labels) AS normal_labels,
        sum(event_labels.anomalous_labels) AS anomalous_labels
    FROM fame.templates AS known
    LEFT JOIN fame.events AS events ON known.template_id = events.template_id
    LEFT JOIN fame.event_labels AS event_labels ON events.event_id = event_labels.event_id
    GROUP BY known.template_id
) AS counted
WHERE templates.template_id = counted.template_id;
