-- The number of the newest line, wherever it lies.
SELECT greatest(
    (SELECT coalesce(max(log_id), -1) FROM fame.logs),
    (SELECT coalesce(max(last_log_id), -1) FROM fame.past_lines)
);
