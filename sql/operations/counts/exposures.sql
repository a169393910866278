-- Lines by service in the parts and windows that are compared. The measure 'service' asks whether a
-- service as a whole has gone silent.
CREATE OR REPLACE TEMP TABLE counted_parts AS
SELECT
    counts.service_name,
    counts.template_id,
    buckets.part_start,
    sum(counts.lines)::BIGINT AS x
FROM fame.line_counts AS counts
INNER JOIN session_buckets AS buckets ON counts.bucket = buckets.bucket
WHERE
    buckets.part_start IN (SELECT part_start FROM baseline_parts)
    AND counts.bucket >= (SELECT min(part_start) FROM baseline_parts)
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE part_counts AS
SELECT
    baselines.block_start,
    'lines' AS measure,
    counted.service_name,
    counted.template_id,
    counted.part_start,
    counted.x
FROM baseline_parts AS baselines
INNER JOIN counted_parts AS counted ON baselines.part_start = counted.part_start;

INSERT INTO part_counts
SELECT
    baselines.block_start,
    'service' AS measure,
    services.service_name,
    '' AS template_id,
    services.part_start,
    services.x
FROM baseline_parts AS baselines
INNER JOIN (
    SELECT service_name, part_start, sum(x)::BIGINT AS x FROM counted_parts GROUP BY ALL
) AS services ON baselines.part_start = services.part_start;

CREATE OR REPLACE TEMP TABLE window_counts AS
SELECT
    windows.block_start,
    windows.window_start,
    windows.window_end,
    'lines' AS measure,
    counts.service_name,
    counts.template_id,
    sum(counts.lines)::BIGINT AS x
FROM window_buckets AS windows
INNER JOIN fame.line_counts AS counts ON windows.bucket = counts.bucket
WHERE counts.bucket BETWEEN (SELECT min(bucket) FROM window_buckets) AND (SELECT max(bucket) FROM window_buckets)
GROUP BY ALL;

INSERT INTO window_counts
SELECT
    block_start,
    window_start,
    window_end,
    'service' AS measure,
    service_name,
    '' AS template_id,
    sum(x)::BIGINT AS x
FROM window_counts
GROUP BY block_start, window_start, window_end, service_name;

-- What a count is a share of: the lines of its service, or for a service those of all. A service of
-- which fewer than three lines are expected in every window cannot be silent.
CREATE OR REPLACE TEMP TABLE part_exposures AS
WITH sums AS (
    SELECT baselines.block_start, baselines.part_start, parts.n
    FROM baseline_parts AS baselines
    INNER JOIN (
        SELECT part_start, sum(x)::BIGINT AS n FROM counted_parts GROUP BY part_start
    ) AS parts ON baselines.part_start = parts.part_start
),
totals AS (
    SELECT block_start, sum(n) AS n FROM sums GROUP BY block_start
),
widest AS (
    SELECT block_start, max(n) AS n
    FROM (
        SELECT block_start, sum(x) AS n
        FROM window_counts
        WHERE measure = 'service'
        GROUP BY block_start, window_start, window_end
    )
    GROUP BY block_start
),
large AS (
    SELECT services.block_start, services.service_name
    FROM (
        SELECT block_start, service_name, sum(x) AS x
        FROM part_counts
        WHERE measure = 'service'
        GROUP BY block_start, service_name
    ) AS services
    INNER JOIN totals ON services.block_start = totals.block_start
    INNER JOIN widest ON services.block_start = widest.block_start
    WHERE services.x / totals.n * widest.n >= 3
)
SELECT block_start, 'lines' AS measure, service_name, part_start, x AS n
FROM part_counts
WHERE measure = 'service'
UNION ALL
SELECT sums.block_start, 'service' AS measure, large.service_name, sums.part_start, sums.n
FROM large
INNER JOIN sums ON large.block_start = sums.block_start;

CREATE OR REPLACE TEMP TABLE window_exposures AS
SELECT 'lines' AS measure, block_start, window_start, window_end, service_name, x AS n
FROM window_counts
WHERE measure = 'service'
UNION ALL
-- A service is tested as a whole only where it has no line.
SELECT 'service' AS measure, sums.block_start, sums.window_start, sums.window_end, services.service_name, sums.n
FROM (SELECT DISTINCT service_name FROM part_counts) AS services
CROSS JOIN (
    SELECT block_start, window_start, window_end, sum(x)::BIGINT AS n
    FROM window_counts
    WHERE measure = 'service'
    GROUP BY block_start, window_start, window_end
) AS sums
ANTI JOIN window_counts AS counts
    ON
        counts.measure = 'service'
        AND services.service_name = counts.service_name
        AND sums.window_end = counts.window_end;
