-- Of each template with labels of both kinds, how many are anomalous and how many are normal.
SELECT count_if(labels.is_anomaly) AS anomalous, count_if(NOT labels.is_anomaly) AS normal
FROM fame.labels AS labels
INNER JOIN fame.events AS events ON labels.event_id = events.event_id
WHERE labels.log_id IS NOT NULL AND events.template_id IS NOT NULL
GROUP BY events.template_id
HAVING bool_or(labels.is_anomaly) <> bool_and(labels.is_anomaly);
