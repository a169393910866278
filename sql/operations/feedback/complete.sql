-- Feedback by SQL may name a line or an incident alone. The line's event is filled in; an incident
-- gets one row for each template and kind of anomaly that it has at this moment.
UPDATE fame.feedback SET event_id = logs.event_id
FROM fame.logs AS logs
WHERE
    feedback.log_id = logs.log_id
    AND feedback.event_id IS NULL
    AND feedback.template_id IS NULL
    AND feedback.incident_id IS NULL;

CREATE OR REPLACE TEMP TABLE unspecific_feedback AS
SELECT *
FROM fame.feedback
WHERE incident_id IS NOT NULL AND event_id IS NULL AND template_id IS NULL AND log_id IS NULL
    AND incident_id IN (SELECT incident_id FROM fame.stored_incidents);

DELETE FROM fame.feedback
WHERE incident_id IS NOT NULL AND event_id IS NULL AND template_id IS NULL AND log_id IS NULL
    AND incident_id IN (SELECT incident_id FROM fame.stored_incidents);

INSERT INTO fame.feedback BY NAME
SELECT
    said.* EXCLUDE (template_id, service_name, anomaly, severity),
    cells.template_id,
    incidents.service_name,
    cells.anomaly,
    coalesce(said.severity, incidents.severity) AS severity
FROM unspecific_feedback AS said
INNER JOIN fame.stored_incidents AS incidents ON said.incident_id = incidents.incident_id
INNER JOIN (SELECT DISTINCT incident_id, template_id, anomaly FROM fame.incident_cells) AS cells
    ON incidents.incident_id = cells.incident_id
ORDER BY said.created_at, incidents.incident_id, cells.template_id, cells.anomaly;

UPDATE fame.feedback SET model_version = (SELECT any_value(model_version) FROM fame.champion)
WHERE model_version IS NULL;
