-- Incidents that are not over, with a value for each severity.
SELECT
    severities.severity,
    count(*) FILTER (WHERE NOT incidents.silenced)::DOUBLE AS fame_incidents_open,
    count(*) FILTER (WHERE incidents.silenced)::DOUBLE AS fame_incidents_dismissed
FROM (VALUES ('critical', 1), ('error', 2), ('warning', 3), ('info', 4)) AS severities (severity, place)
LEFT JOIN fame.stored_incidents AS incidents
    ON severities.severity = incidents.severity
    AND incidents.state <> 'resolved'
    AND incidents.merged_into IS NULL
GROUP BY severities.severity, severities.place
ORDER BY severities.place;
