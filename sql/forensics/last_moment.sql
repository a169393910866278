-- When the lines of the warehouse begin, and the moment after its last one.
SELECT
    min(coalesce(timestamp, observed_timestamp)) AS first_seen,
    max(coalesce(timestamp, observed_timestamp)) + INTERVAL 1 MICROSECOND AS stop
FROM fame.all_logs;
