SELECT
    (SELECT coalesce(max(event_id), 0) FROM fame.events) AS last_event,
    (SELECT coalesce(max(log_id), 0) FROM fame.logs) AS last_line;
