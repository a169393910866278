-- The lines that are dropped.
coalesce(timestamp, observed_timestamp) < $before
AND log_id NOT IN (SELECT log_id FROM kept_lines)
