SELECT
    events.event_id,
    events.canonical,
    events.template_id,
    labels.anomalous_labels / (labels.normal_labels + labels.anomalous_labels) AS share,
    events.lines
FROM fame.event_labels AS labels
INNER JOIN fame.events AS events ON labels.event_id = events.event_id
ORDER BY events.event_id;
