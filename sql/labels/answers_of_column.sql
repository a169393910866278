SELECT
    chosen.log_id,
    NOT list_contains($normal, lower(logs.label)) AS is_anomaly
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id;
