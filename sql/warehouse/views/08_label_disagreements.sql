-- Labels that were overruled by a source with higher priority; they are kept.
CREATE OR REPLACE VIEW fame.label_disagreements AS
SELECT
    labels.event_id,
    events.example,
    kept.source AS kept_source,
    kept.anomalous_labels > 0 AS kept_anomaly,
    labels.source AS overruled_source,
    labels.is_anomaly AS overruled_anomaly,
    labels.author,
    labels.evidence
FROM fame.labels AS labels
INNER JOIN fame.event_labels AS kept ON labels.event_id = kept.event_id
INNER JOIN fame.events AS events ON labels.event_id = events.event_id
WHERE labels.source <> kept.source AND CASE
    WHEN labels.is_anomaly THEN kept.anomalous_labels = 0 ELSE kept.normal_labels = 0
END;
