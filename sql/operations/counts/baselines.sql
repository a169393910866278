-- The parts that each block is compared with, the nearest 288: those that ended before it, or looking
-- back those more than fifteen minutes away. Where there are two weeks of past, parts of the same hour
-- of the week.
CREATE OR REPLACE TEMP TABLE baseline_parts AS
SELECT
    blocks.block_start,
    parts.part_start
FROM tested_blocks AS blocks
INNER JOIN session_parts AS parts
    ON
        CASE
            WHEN $looking_back
                THEN
                    parts.part_start >= blocks.block_stop + INTERVAL 15 MINUTES
                    OR parts.part_stop <= blocks.block_start - INTERVAL 15 MINUTES
            ELSE parts.part_stop <= blocks.block_start
        END
        AND (
            NOT blocks.has_weeks
            OR (
                dayofweek(parts.part_start) = dayofweek(blocks.block_start)
                AND hour(parts.part_start) = hour(blocks.block_start)
            )
        )
QUALIFY
    row_number() OVER (
        PARTITION BY blocks.block_start
        ORDER BY abs(epoch(parts.part_start) - epoch(blocks.block_start)), parts.part_start
    ) <= 288;
