-- The next half minutes whose windows are to be tested.
CREATE OR REPLACE TEMP TABLE chosen_buckets AS
SELECT DISTINCT bucket
FROM fame.untested_counts
WHERE bucket + INTERVAL 30 SECONDS <= $now
ORDER BY bucket
LIMIT $most;
