-- Count anomalies of the newest day of the log, by kind.
SELECT kind, count(*)::DOUBLE AS fame_count_anomalies
FROM fame.count_anomalies
WHERE window_end > (SELECT max(bucket) FROM fame.count_buckets) - INTERVAL 1 DAY
GROUP BY kind
ORDER BY kind;
