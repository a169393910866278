-- Gaps in traces: how many are longer than 95 % of the gaps between the same two templates in the
-- past. A gap is charged to the service of its earlier line. Pairs with fewer than twenty gaps in the
-- past say nothing.
CREATE OR REPLACE TEMP TABLE part_gaps AS
WITH counted AS (
    SELECT
        counts.service_name,
        counts.template_id,
        counts.next_template_id,
        counts.width,
        buckets.part_start,
        sum(counts.gaps)::BIGINT AS gaps
    FROM fame.gap_counts AS counts
    INNER JOIN session_buckets AS buckets ON counts.bucket = buckets.bucket
    WHERE
        buckets.part_start IN (SELECT part_start FROM baseline_parts)
        AND counts.bucket >= (SELECT min(part_start) FROM baseline_parts)
    GROUP BY ALL
)
SELECT baselines.block_start, counted.*
FROM baseline_parts AS baselines
INNER JOIN counted ON baselines.part_start = counted.part_start;

CREATE OR REPLACE TEMP TABLE usual_gaps AS
WITH widths AS (
    SELECT
        block_start,
        service_name,
        template_id,
        next_template_id,
        width,
        sum(sum(gaps)) OVER (
            PARTITION BY block_start, service_name, template_id, next_template_id
            ORDER BY width ROWS UNBOUNDED PRECEDING
        ) AS up_to,
        sum(sum(gaps)) OVER (
            PARTITION BY block_start, service_name, template_id, next_template_id
        ) AS gaps
    FROM part_gaps
    GROUP BY block_start, service_name, template_id, next_template_id, width
)
SELECT
    block_start,
    service_name,
    template_id,
    next_template_id,
    min(width) AS longest
FROM widths
WHERE gaps >= 20 AND up_to >= 0.95 * gaps
GROUP BY block_start, service_name, template_id, next_template_id;

INSERT INTO part_exposures
SELECT gaps.block_start, 'gaps' AS measure, gaps.service_name, gaps.part_start, sum(gaps.gaps)::BIGINT AS n
FROM part_gaps AS gaps
INNER JOIN usual_gaps AS usual USING (block_start, service_name, template_id, next_template_id)
GROUP BY ALL;

INSERT INTO part_counts
SELECT
    gaps.block_start,
    'gaps' AS measure,
    gaps.service_name,
    '' AS template_id,
    gaps.part_start,
    sum(gaps.gaps)::BIGINT AS x
FROM part_gaps AS gaps
INNER JOIN usual_gaps AS usual USING (block_start, service_name, template_id, next_template_id)
WHERE gaps.width > usual.longest
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE window_gaps AS
SELECT
    windows.block_start,
    windows.window_start,
    windows.window_end,
    counts.service_name,
    counts.template_id,
    sum(counts.gaps)::BIGINT AS gaps,
    coalesce(sum(counts.gaps) FILTER (WHERE counts.width > usual.longest), 0)::BIGINT AS late
FROM window_buckets AS windows
INNER JOIN fame.gap_counts AS counts ON windows.bucket = counts.bucket
INNER JOIN usual_gaps AS usual
    ON
        windows.block_start = usual.block_start
        AND counts.service_name = usual.service_name
        AND counts.template_id = usual.template_id
        AND counts.next_template_id = usual.next_template_id
WHERE counts.bucket BETWEEN (SELECT min(bucket) FROM window_buckets) AND (SELECT max(bucket) FROM window_buckets)
GROUP BY ALL;

INSERT INTO window_exposures
SELECT 'gaps' AS measure, block_start, window_start, window_end, service_name, sum(gaps)::BIGINT AS n
FROM window_gaps
GROUP BY ALL;

INSERT INTO window_counts
SELECT
    block_start,
    window_start,
    window_end,
    'gaps' AS measure,
    service_name,
    '' AS template_id,
    sum(late)::BIGINT AS x
FROM window_gaps
WHERE late > 0
GROUP BY ALL;
