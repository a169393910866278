-- The past of each series: b of m lines, and the dispersion between parts. Parts without a line of
-- the service say nothing. Of eight or more, 15 % at each end by share are left out, because the past
-- has faults in it too. Of whole services and of gaps none are: a service that is silent or slow at
-- times is no news, and such times are the few at the ends. The dispersion is rounded, because the last
-- bits of a sum of floats depend on the order of its rows.
CREATE OR REPLACE TEMP TABLE series_baselines AS
WITH shares AS (
    SELECT
        series.*,
        coalesce(counts.x, 0) AS x,
        exposures.n,
        row_number() OVER (
            PARTITION BY series.series
            ORDER BY coalesce(counts.x, 0) / exposures.n, exposures.part_start
        ) AS place,
        count(*) OVER (PARTITION BY series.series) AS parts,
        sum(coalesce(counts.x, 0)) OVER (PARTITION BY series.series) AS all_lines
    FROM series_of_blocks AS series
    INNER JOIN part_exposures AS exposures
        ON
            series.block_start = exposures.block_start
            AND series.measure = exposures.measure
            AND series.service_name = exposures.service_name
    LEFT JOIN part_counts AS counts
        ON
            series.block_start = counts.block_start
            AND series.measure = counts.measure
            AND series.service_name = counts.service_name
            AND series.template_id = counts.template_id
            AND exposures.part_start = counts.part_start
),
kept AS (
    SELECT
        *,
        n * sum(x) OVER same / sum(n) OVER same AS mean
    FROM shares
    WHERE
        parts < 8
        OR measure IN ('service', 'gaps')
        OR (place > floor(0.15 * parts) AND place <= parts - floor(0.15 * parts))
    WINDOW same AS (PARTITION BY series)
)
SELECT
    block_start,
    measure,
    service_name,
    template_id,
    sum(x)::BIGINT AS b,
    sum(n)::BIGINT AS m,
    max(all_lines)::BIGINT AS all_lines,
    max(parts)::INTEGER AS sessions,
    round(
        greatest(1, (sum((x - mean) * (x - mean) / greatest(mean, 0.5)) + 5) / (count(*) + 4)), 9
    ) AS dispersion
FROM kept
GROUP BY block_start, measure, service_name, template_id;
