-- What an incident is made of: one row for each event of its lines, and for each template and kind
-- of its count anomalies.
CREATE OR REPLACE VIEW fame.incident_cells AS
SELECT
    cells.incident_id,
    'line' AS anomaly,
    cells.template_id,
    noticed.template_id AS provisional_id,
    cells.event_id,
    cells.domain,
    cells.lines,
    cells.severity_number,
    cells.score
FROM fame.incident_events AS cells
LEFT JOIN fame.provisional_events AS noticed ON cells.event_id = noticed.event_id
UNION ALL
SELECT
    incident_id,
    anomaly,
    template_id,
    NULL AS provisional_id,
    NULL AS event_id,
    NULL AS domain,
    0 AS lines,
    NULL AS severity_number,
    NULL AS score
FROM fame.incident_counts
GROUP BY incident_id, anomaly, template_id;
