SELECT
    (SELECT count(*) FROM fame.labels) AS labels,
    (SELECT count(*) FROM fame.labels WHERE is_anomaly) AS anomalous,
    (SELECT any_value(lines) FROM fame.splits) AS lines_available,
    (
        SELECT count(*) FROM fame.event_labels
        WHERE normal_labels > 0 AND anomalous_labels > 0
    ) AS conflicting_events,
    (SELECT count(*) FROM fame.templates WHERE status = 'normal') AS normal_templates,
    (SELECT count(*) FROM fame.templates WHERE status = 'anomalous') AS anomalous_templates,
    (SELECT count(*) FROM fame.templates WHERE status = 'mixed') AS mixed_templates,
    (SELECT count(*) FROM fame.templates WHERE status = 'unlabelled') AS unlabelled_templates;
