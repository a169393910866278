SELECT
    chosen.log_id,
    lower(logs.label) NOT IN ('-', 'normal', '0', 'false', '') AS is_anomaly
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id;
