SELECT coalesce(max(log_id), 0) >> 24 FROM (
    SELECT max(log_id) AS log_id FROM fame.logs
    UNION ALL
    SELECT max(last_log_id) FROM fame.past_lines
);
