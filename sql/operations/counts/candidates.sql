-- The series that can differ in a block: those with lines in it, and those of which three lines or more
-- are expected in a window. The others cannot be significant. Each has a number, by which it is sorted
-- faster than by its names.
CREATE OR REPLACE TEMP TABLE series_of_blocks AS
WITH totals AS (
    SELECT block_start, measure, service_name, sum(n) AS n FROM part_exposures GROUP BY ALL
),
sums AS (
    SELECT block_start, measure, service_name, template_id, sum(x) AS x
    FROM part_counts
    GROUP BY ALL
),
widest AS (
    SELECT measure, block_start, service_name, max(n) AS n FROM window_exposures GROUP BY ALL
),
chosen AS (
    SELECT sums.block_start, sums.measure, sums.service_name, sums.template_id
    FROM sums
    INNER JOIN totals
        ON
            sums.block_start = totals.block_start
            AND sums.measure = totals.measure
            AND sums.service_name = totals.service_name
    INNER JOIN widest
        ON
            sums.block_start = widest.block_start
            AND sums.measure = widest.measure
            AND sums.service_name = widest.service_name
    WHERE sums.x / totals.n * widest.n >= 3
    UNION
    SELECT counts.block_start, counts.measure, counts.service_name, counts.template_id
    FROM window_counts AS counts
    WHERE counts.measure <> 'service'
)
SELECT *, row_number() OVER () AS series FROM chosen;
