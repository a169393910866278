-- The parts that each block is compared with, the nearest 288: those that ended before it, or looking
-- back those more than fifteen minutes away. Where there are two weeks of past, parts of the same hour
-- of the week. Parts have a place in time, so that the nearest are found without comparing all.
CREATE OR REPLACE TEMP TABLE placed_parts AS
WITH keyed AS (
    SELECT -1 AS hour_of_week, part_start, part_stop FROM session_parts
    UNION ALL
    SELECT 24 * dayofweek(part_start) + hour(part_start), part_start, part_stop FROM session_parts
)
SELECT *, row_number() OVER (PARTITION BY hour_of_week ORDER BY part_start) AS place
FROM keyed;

CREATE OR REPLACE TEMP TABLE baseline_parts AS
WITH blocks AS (
    SELECT
        block_start,
        CASE
            WHEN has_weeks THEN 24 * dayofweek(block_start) + hour(block_start)
            ELSE -1
        END AS hour_of_week,
        block_start - if($looking_back, INTERVAL 15 MINUTES, INTERVAL 0 MINUTES) AS before,
        block_stop + INTERVAL 15 MINUTES AS after
    FROM tested_blocks
),
earlier AS (
    SELECT
        blocks.block_start,
        blocks.hour_of_week,
        unnest(range(parts.place - 287, parts.place + 1)) AS place
    FROM blocks
    ASOF INNER JOIN placed_parts AS parts
        ON blocks.hour_of_week = parts.hour_of_week AND blocks.before >= parts.part_stop
),
later AS (
    SELECT
        blocks.block_start,
        blocks.hour_of_week,
        unnest(range(parts.place, parts.place + 288)) AS place
    FROM blocks
    ASOF INNER JOIN placed_parts AS parts
        ON blocks.hour_of_week = parts.hour_of_week AND blocks.after <= parts.part_start
    WHERE $looking_back
)
SELECT
    near.block_start,
    parts.part_start
FROM (FROM earlier UNION ALL FROM later) AS near
INNER JOIN placed_parts AS parts
    ON near.hour_of_week = parts.hour_of_week AND near.place = parts.place
QUALIFY
    row_number() OVER (
        PARTITION BY near.block_start
        ORDER BY abs(epoch(parts.part_start) - epoch(near.block_start)), parts.part_start
    ) <= 288;
