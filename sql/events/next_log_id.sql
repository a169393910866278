-- A log_id is never reused, not even after its line has been removed from fame.logs.
SELECT 1 + greatest(
    (SELECT coalesce(max(log_id), 0) FROM fame.logs),
    (SELECT coalesce(max(last_log_id), 0) FROM fame.past_lines)
);
