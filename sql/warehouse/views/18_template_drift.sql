-- Templates that are new, gone, spiking or falling in the recent lines of a service, by the test of
-- the count anomalies. The dispersion is that between twenty parts of the calibration slice.
CREATE OR REPLACE VIEW fame.template_drift AS
WITH lines AS MATERIALIZED (
    SELECT
        service_name,
        template_id,
        is_recent,
        event_id,
        CASE
            WHEN NOT is_recent
                THEN ntile(20) OVER (PARTITION BY service_name, is_recent ORDER BY log_time, log_id)
        END AS part
    FROM fame.drift_lines
),
services AS (
    SELECT
        service_name,
        count(*) FILTER (WHERE is_recent) AS n,
        count(*) FILTER (WHERE NOT is_recent) AS m
    FROM lines
    GROUP BY service_name
    HAVING count(*) FILTER (WHERE is_recent) > 0 AND count(*) FILTER (WHERE NOT is_recent) >= 20
),
parts AS (
    SELECT service_name, template_id, part, count(*) AS x
    FROM lines
    WHERE part IS NOT NULL
    GROUP BY ALL
),
counted AS (
    SELECT
        lines.service_name,
        lines.template_id,
        min(lines.event_id) AS event_id,
        count(*) FILTER (WHERE lines.is_recent) AS x,
        count(*) FILTER (WHERE NOT lines.is_recent) AS b
    FROM lines
    GROUP BY lines.service_name, lines.template_id
),
-- Parts without a line of the template count with their expected lines. Rounded, because the last bits
-- of a sum of floats depend on the order of its rows.
dispersed AS (
    SELECT
        counted.service_name,
        counted.template_id,
        round(greatest(1, (
            coalesce(sum((parts.x - counted.b / 20) ** 2 / greatest(counted.b / 20, 0.5)), 0)
            + (20 - count(parts.x)) * (any_value(counted.b) / 20) ** 2 / greatest(any_value(counted.b) / 20, 0.5)
            + 5
        ) / 24), 9) AS dispersion
    FROM counted
    LEFT JOIN parts ON counted.service_name = parts.service_name AND counted.template_id = parts.template_id
    GROUP BY counted.service_name, counted.template_id
),
tested AS (
    SELECT
        counted.*,
        services.n,
        services.m,
        dispersed.dispersion,
        fame.g_statistic(counted.x, services.n, counted.b, services.m) / dispersed.dispersion AS g
    FROM counted
    INNER JOIN services ON counted.service_name = services.service_name
    INNER JOIN dispersed
        ON counted.service_name = dispersed.service_name AND counted.template_id = dispersed.template_id
),
ranked AS (
    SELECT
        *,
        fame.g_p_value(g) AS p_value,
        count(*) OVER () AS tests,
        row_number() OVER (ORDER BY g DESC, service_name, template_id) AS position
    FROM tested
),
adjusted AS (
    SELECT
        *,
        least(1, min(p_value * tests / position) OVER (
            ORDER BY position DESC ROWS UNBOUNDED PRECEDING
        )) AS p_adjusted
    FROM ranked
)
SELECT
    adjusted.service_name,
    adjusted.template_id,
    coalesce(templates.template, fame.provisional_template(events.canonical)) AS template,
    CASE
        WHEN adjusted.b = 0 THEN 'new'
        WHEN adjusted.x = 0 THEN 'gone'
        WHEN adjusted.x / adjusted.n >= adjusted.b / adjusted.m THEN 'spiking'
        ELSE 'falling'
    END AS change,
    adjusted.x AS recent_lines,
    adjusted.b AS reference_lines,
    adjusted.n * adjusted.b / adjusted.m AS expected,
    adjusted.dispersion,
    adjusted.g,
    adjusted.p_value,
    adjusted.p_adjusted
FROM adjusted
INNER JOIN fame.events AS events ON adjusted.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON adjusted.template_id = templates.template_id
WHERE adjusted.p_adjusted <= 0.05;
