-- The last line.
SELECT coalesce(max(log_id), -1) FROM fame.logs;
