-- A line's number is never given twice, not even when the line has left fame.logs.
SELECT 1 + greatest(
    (SELECT coalesce(max(log_id), 0) FROM fame.logs),
    (SELECT coalesce(max(last_log_id), 0) FROM fame.past_lines)
);
