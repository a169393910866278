SELECT coalesce(max(number), 0) FROM fame.incident_changes;
