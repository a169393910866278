-- How far the recent lines of each service are from those that the model was calibrated on: the share
-- that no template knows, and the distance of the scores, as a population stability index over ten
-- bins and as a two-sample Kolmogorov-Smirnov test.
CREATE OR REPLACE VIEW fame.drift AS
WITH lines AS MATERIALIZED (SELECT * FROM fame.drift_lines),
services AS (
    SELECT
        service_name,
        count(*) FILTER (WHERE is_recent) AS recent_lines,
        count(*) FILTER (WHERE NOT is_recent) AS reference_lines,
        count(*) FILTER (WHERE is_recent AND NOT is_known) AS unknown_lines,
        count(DISTINCT event_id) FILTER (WHERE is_recent AND NOT is_known) AS unknown_events,
        count(DISTINCT template_id) FILTER (WHERE is_recent AND NOT is_known) AS unknown_templates
    FROM lines
    GROUP BY service_name
),
scores AS (
    SELECT
        service_name,
        score,
        count(*) FILTER (WHERE is_recent) AS recent,
        count(*) FILTER (WHERE NOT is_recent) AS reference
    FROM lines
    WHERE score IS NOT NULL
    GROUP BY service_name, score
),
sums AS (
    SELECT service_name, sum(recent) AS recent, sum(reference) AS reference
    FROM scores
    GROUP BY service_name
    HAVING sum(recent) > 0 AND sum(reference) > 0
),
binned AS (
    SELECT
        scores.service_name,
        (sum(scores.recent) + 0.5) / (any_value(sums.recent) + 5) AS recent,
        (sum(scores.reference) + 0.5) / (any_value(sums.reference) + 5) AS reference
    FROM scores
    INNER JOIN sums ON scores.service_name = sums.service_name
    GROUP BY scores.service_name, least(9, floor(10 * scores.score))
),
indexes AS (
    -- Rounded, because the last bits of a sum of floats depend on the order of its rows.
    SELECT service_name, round(sum((recent - reference) * ln(recent / reference)), 9) AS psi
    FROM binned
    GROUP BY service_name
),
cumulated AS (
    SELECT
        scores.service_name,
        sum(scores.recent) OVER below / sums.recent AS recent,
        sum(scores.reference) OVER below / sums.reference AS reference,
        sums.recent * sums.reference / (sums.recent + sums.reference) AS size
    FROM scores
    INNER JOIN sums ON scores.service_name = sums.service_name
    WINDOW below AS (
        PARTITION BY scores.service_name ORDER BY scores.score ROWS UNBOUNDED PRECEDING
    )
),
distances AS (
    SELECT
        service_name,
        max(abs(recent - reference)) AS distance,
        least(1, 2 * exp(-2 * any_value(size) * max(abs(recent - reference)) ** 2)) AS p_value
    FROM cumulated
    GROUP BY service_name
),
measured AS (
    SELECT
        services.*,
        services.unknown_lines / nullif(services.recent_lines, 0) AS unknown_share,
        indexes.psi,
        distances.distance,
        distances.p_value,
        services.recent_lines >= 200 AND services.reference_lines >= 200
        AND distances.p_value < 0.001 AS is_comparable
    FROM services
    LEFT JOIN indexes ON services.service_name = indexes.service_name
    LEFT JOIN distances ON services.service_name = distances.service_name
)
SELECT
    service_name,
    CASE
        WHEN recent_lines >= 200 AND unknown_share >= 0.2 THEN 'stale'
        WHEN is_comparable AND psi >= 0.25 THEN 'stale'
        WHEN recent_lines >= 200 AND unknown_share >= 0.05 THEN 'ageing'
        WHEN is_comparable AND psi >= 0.1 THEN 'ageing'
        ELSE 'fresh'
    END AS freshness,
    recent_lines,
    reference_lines,
    unknown_lines,
    unknown_share,
    unknown_events,
    unknown_templates,
    psi,
    distance,
    p_value
FROM measured;
