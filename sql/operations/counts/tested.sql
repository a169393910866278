-- The windows to test, each of two minutes or from the beginning of its session, and the blocks that
-- they lie in. A half minute lies in four windows.
CREATE OR REPLACE TEMP TABLE tested_windows AS
SELECT
    block_start,
    session_start,
    greatest(session_start, bucket - INTERVAL 90 SECONDS) AS window_start,
    bucket + INTERVAL 30 SECONDS AS window_end
FROM session_buckets
WHERE
    bucket + INTERVAL 30 SECONDS <= $now
    AND bucket IN (
        SELECT chosen.bucket + to_seconds(30 * later.steps)
        FROM chosen_buckets AS chosen
        CROSS JOIN range(4) AS later(steps)
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
