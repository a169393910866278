-- For each template, the number of its lines in the training period and of its labels.
WITH frequent AS (
    SELECT
        event_id,
        count(*) AS lines
    FROM fame.log_periods
    WHERE period <> 'later'
    GROUP BY event_id
)
SELECT
    events.template_id,
    sum(frequent.lines)::BIGINT AS lines,
    coalesce(sum(labels.normal_labels), 0)::BIGINT AS normal_labels,
    coalesce(sum(labels.anomalous_labels), 0)::BIGINT AS anomalous_labels
FROM fame.events AS events
INNER JOIN frequent ON events.event_id = frequent.event_id
LEFT JOIN fame.event_labels AS labels ON events.event_id = labels.event_id
WHERE events.template_id IS NOT NULL
GROUP BY events.template_id
ORDER BY events.template_id;
