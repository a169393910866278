-- The parts of sessions, and all half minutes with the part they lie in.
CREATE OR REPLACE TEMP TABLE session_buckets AS
FROM fame.count_sessions ORDER BY bucket;

CREATE OR REPLACE TEMP TABLE session_parts AS
SELECT
    session_start,
    block_start,
    part_start,
    max(bucket) + INTERVAL 30 SECONDS AS part_stop
FROM session_buckets
GROUP BY ALL;
