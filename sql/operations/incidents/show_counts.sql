SELECT
    anomaly,
    count(*) AS windows,
    max_by(lines, (g, window_start)) AS lines,
    round(max_by(expected, (g, window_start)), 1) AS expected,
    any_value(template) AS template
FROM fame.incident_counts
WHERE incident_id = $incident_id
GROUP BY anomaly, template_id
ORDER BY max(g) DESC, anomaly, template_id;
