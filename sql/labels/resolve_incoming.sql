-- The imported labels, joined with the line, event or template to which each refers.
CREATE OR REPLACE TEMP TABLE judged_lines AS
SELECT
    incoming.row_number,
    incoming.name,
    incoming.label,
    incoming.author,
    incoming.evidence,
    lines.log_id,
    events.event_id,
    events.template_id,
    CASE
        WHEN list_contains($normal, lower(trim(incoming.label))) THEN FALSE
        WHEN list_contains($anomalous, lower(trim(incoming.label))) THEN TRUE
    END AS is_anomaly
FROM incoming_labels AS incoming
LEFT JOIN fame.logs AS lines
    ON incoming.kind = 'log_id' AND lines.log_id = try_cast(incoming.name AS BIGINT)
LEFT JOIN fame.events AS events
    ON (incoming.kind = 'log_id' AND events.event_id = lines.event_id)
    OR (incoming.kind = 'event_hash' AND events.event_hash = incoming.name)
    OR (incoming.kind = 'template_id' AND events.template_id = incoming.name);
