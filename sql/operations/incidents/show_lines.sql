SELECT log_id, timestamp, host_name, severity_text, score, body
FROM fame.incident_lines($incident_id);
