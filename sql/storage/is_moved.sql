-- The lines of a day that move into a partition.
coalesce(timestamp, observed_timestamp) >= $day
AND coalesce(timestamp, observed_timestamp) < $day::DATE + 1
AND log_id NOT IN (SELECT log_id FROM kept_lines)
