-- The feedback that names a part of an incident, whether it holds now or not: its event, or its
-- template under the name that the model knows or its provisional one.
CREATE OR REPLACE VIEW fame.incident_feedback AS
WITH named AS (
    SELECT
        cells.incident_id,
        cells.anomaly,
        cells.template_id,
        cells.event_id,
        said.* EXCLUDE (incident_id, anomaly, template_id, event_id),
        said.anomaly AS said_anomaly,
        said.incident_id AS said_of,
        said.event_id AS said_event_id,
        said.template_id AS said_template_id
    FROM fame.incident_cells AS cells
    INNER JOIN fame.feedback_periods AS said ON cells.event_id = said.event_id
    UNION ALL
    SELECT
        cells.incident_id,
        cells.anomaly,
        cells.template_id,
        cells.event_id,
        said.* EXCLUDE (incident_id, anomaly, template_id, event_id),
        said.anomaly AS said_anomaly,
        said.incident_id AS said_of,
        said.event_id AS said_event_id,
        said.template_id AS said_template_id
    FROM fame.incident_cells AS cells
    INNER JOIN fame.feedback_periods AS said ON cells.template_id = said.template_id
    WHERE said.event_id IS NULL
    UNION ALL
    SELECT
        cells.incident_id,
        cells.anomaly,
        cells.template_id,
        cells.event_id,
        said.* EXCLUDE (incident_id, anomaly, template_id, event_id),
        said.anomaly AS said_anomaly,
        said.incident_id AS said_of,
        said.event_id AS said_event_id,
        said.template_id AS said_template_id
    FROM fame.incident_cells AS cells
    INNER JOIN fame.feedback_periods AS said ON cells.provisional_id = said.template_id
    WHERE said.event_id IS NULL AND cells.provisional_id <> cells.template_id
)
SELECT
    named.incident_id,
    named.anomaly,
    named.template_id,
    named.event_id,
    named.is_anomaly,
    named.author,
    named.comment,
    named.severity,
    named.said_of,
    named.said_event_id,
    named.said_template_id,
    named.created_at,
    named.until_time
FROM named
INNER JOIN fame.stored_incidents AS incidents ON named.incident_id = incidents.incident_id
WHERE named.is_complete
    AND (named.said_anomaly IS NULL OR named.said_anomaly = named.anomaly)
    AND (named.service_name IS NULL OR named.service_name = incidents.service_name);
