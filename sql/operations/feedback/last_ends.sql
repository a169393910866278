-- Until when the last feedback on each thing holds.
WITH named AS (
    SELECT
        CASE
            WHEN incident_id IS NOT NULL THEN 'incident ' || incident_id
            WHEN log_id IS NOT NULL THEN 'line ' || log_id
            ELSE 'template ' || template_id
        END AS name,
        created_at,
        until_time
    FROM fame.feedback_periods
)
SELECT name, max_by({'until_time': until_time}, (created_at, until_time)).until_time AS until_time
FROM named
GROUP BY name
ORDER BY name;
