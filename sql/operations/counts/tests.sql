-- Every series in every window, zeros included, against its past. Tests of one window are one family
-- for the procedure of Benjamini and Hochberg. All series that its services have had belong to the
-- family, also those without a line: that a line came at all is chosen by chance.
CREATE OR REPLACE TEMP TABLE count_tests AS
WITH compared AS (
    SELECT
        exposures.measure,
        exposures.service_name,
        baselines.template_id,
        exposures.window_start,
        exposures.window_end,
        coalesce(counts.x, 0) AS x,
        exposures.n,
        baselines.b,
        baselines.m,
        baselines.all_lines,
        baselines.sessions,
        baselines.dispersion,
        exposures.n * baselines.b / baselines.m AS expected,
        fame.g_statistic(coalesce(counts.x, 0), exposures.n, baselines.b, baselines.m)
        / baselines.dispersion AS g
    FROM window_exposures AS exposures
    INNER JOIN series_baselines AS baselines
        ON
            exposures.block_start = baselines.block_start
            AND exposures.measure = baselines.measure
            AND exposures.service_name = baselines.service_name
    LEFT JOIN window_counts AS counts
        ON
            exposures.measure = counts.measure
            AND exposures.service_name = counts.service_name
            AND baselines.template_id = counts.template_id
            AND exposures.window_end = counts.window_end
),
known AS (
    SELECT measure, service_name, count(DISTINCT template_id) AS series FROM part_counts GROUP BY ALL
),
families AS (
    SELECT exposures.window_end, sum(known.series) AS series
    FROM window_exposures AS exposures
    INNER JOIN known
        ON exposures.measure = known.measure AND exposures.service_name = known.service_name
    GROUP BY exposures.window_end
),
ranked AS (
    SELECT
        compared.*,
        -- Half a line more than the past has: what has never come may come.
        greatest(
            fame.g_p_value(g),
            if(x > n * (b + 0.5) / m, fame.poisson_tail(x / dispersion, n * (b + 0.5) / m / dispersion), 0)
        ) AS p_value,
        greatest(families.series, count(*) OVER (PARTITION BY window_end)) AS tests,
        row_number() OVER (PARTITION BY window_end ORDER BY p_value, g DESC, service_name, template_id) AS place
    FROM compared
    INNER JOIN families USING (window_end)
    -- Fewer long gaps than before are no delay.
    WHERE (x > 0 OR expected >= 3) AND (measure <> 'gaps' OR x > expected)
)
SELECT
    * EXCLUDE (place),
    least(1, min(p_value * tests / place) OVER (
        PARTITION BY window_end ORDER BY place DESC ROWS UNBOUNDED PRECEDING
    )) AS p_adjusted,
    CASE
        WHEN measure = 'gaps' THEN 'delay'
        WHEN x = 0 THEN 'silence'
        WHEN all_lines = 0 THEN 'first sighting'
        WHEN x >= 2 * expected THEN 'burst'
        ELSE 'shift'
    END AS kind
FROM ranked;
