-- The next half minutes whose windows are to be tested. Those of a session that is younger than two
-- minutes and may go on wait.
CREATE OR REPLACE TEMP TABLE chosen_buckets AS
WITH young AS (
    SELECT session_start
    FROM session_buckets
    GROUP BY session_start
    HAVING max(bucket) < session_start + INTERVAL 90 SECONDS AND max(bucket) + INTERVAL 1 MINUTE > $now
)
SELECT DISTINCT bucket
FROM fame.untested_counts
WHERE
    bucket + INTERVAL 30 SECONDS <= $now
    AND bucket NOT IN (
        SELECT bucket FROM session_buckets WHERE session_start IN (SELECT session_start FROM young)
    )
ORDER BY bucket
LIMIT $most;
