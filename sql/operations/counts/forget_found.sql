-- Findings in windows whose last half minute has no line any more.
DELETE FROM fame.found_counts
WHERE window_end - INTERVAL 30 SECONDS NOT IN (SELECT bucket FROM fame.count_buckets);
