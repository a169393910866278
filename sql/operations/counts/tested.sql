-- The windows to test, of two minutes each, and the blocks that they lie in. A half minute lies in four
-- windows. Until a session is two minutes old it has no window: few lines differ from the past by
-- chance. If it ends before, it is one window as a whole, once nothing can follow in it.
CREATE OR REPLACE TEMP TABLE tested_windows AS
WITH placed AS (
    SELECT *, max(bucket) OVER (PARTITION BY session_start) AS last_bucket FROM session_buckets
)
SELECT
    block_start,
    session_start,
    greatest(session_start, bucket - INTERVAL 90 SECONDS) AS window_start,
    bucket + INTERVAL 30 SECONDS AS window_end
FROM placed
WHERE
    bucket + INTERVAL 30 SECONDS <= $now
    AND bucket IN (
        SELECT chosen.bucket + to_seconds(30 * later.steps)
        FROM chosen_buckets AS chosen
        CROSS JOIN range(4) AS later(steps)
    )
    AND (
        bucket - INTERVAL 90 SECONDS >= session_start
        OR (bucket = last_bucket AND bucket + INTERVAL 1 MINUTE <= $now)
    );

CREATE OR REPLACE TEMP TABLE window_buckets AS
SELECT *
FROM (
    SELECT
        windows.block_start,
        windows.window_start,
        windows.window_end,
        windows.window_end - to_seconds(30 * before.steps) AS bucket
    FROM tested_windows AS windows
    CROSS JOIN range(1, 5) AS before (steps)
)
WHERE bucket >= window_start;

CREATE OR REPLACE TEMP TABLE tested_blocks AS
SELECT
    blocks.session_start,
    blocks.block_start,
    max(blocks.bucket) + INTERVAL 30 SECONDS AS block_stop,
    blocks.block_start - INTERVAL 14 DAYS >= (SELECT min(bucket) FROM session_buckets) AS has_weeks
FROM session_buckets AS blocks
WHERE blocks.block_start IN (SELECT block_start FROM tested_windows)
GROUP BY blocks.session_start, blocks.block_start;
