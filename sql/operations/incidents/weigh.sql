-- What the incidents amount to now. The severity follows from the worst level of a line, or from the
-- worst score where lines have no level; a thousand lines make it one worse. A count anomaly is a
-- warning.
CREATE OR REPLACE TEMP TABLE weighed_incidents AS
WITH
cells AS (
    SELECT
        cells.incident_id,
        cells.anomaly,
        cells.template_id,
        cells.domain,
        cells.lines,
        cells.event_id,
        cells.severity_number,
        cells.score,
        coalesce(cells.severity_number, 0) * 10 + coalesce(cells.score, 0.5) AS weight
    FROM fame.incident_cells AS cells
    INNER JOIN incidents_to_weigh AS wanted ON cells.incident_id = wanted.incident_id
),
domains AS (
    SELECT incident_id, domain, sum(lines) AS lines
    FROM cells
    WHERE domain IS NOT NULL
    GROUP BY incident_id, domain
),
main_domains AS (
    SELECT incident_id, max_by(domain, (lines, domain)) AS domain FROM domains GROUP BY incident_id
),
summed AS (
    SELECT
        incident_id,
        max_by(
            {'template_id': template_id, 'anomaly': anomaly, 'domain': domain},
            (weight, template_id, anomaly, domain)
        ) AS worst,
        max(severity_number) AS severity_number,
        max(score) AS worst_score,
        -- Scores have four decimals: a sum of decimals is the same in any order.
        round(sum(score::DECIMAL(5, 4) * lines) / nullif(sum(lines) FILTER (WHERE score IS NOT NULL), 0), 4)
            AS mean_score,
        sum(lines)::BIGINT AS lines,
        count(event_id) AS lines_to_read,
        count(*) FILTER (WHERE anomaly <> 'line') AS counts
    FROM cells
    GROUP BY incident_id
),
levels AS (
    SELECT
        *,
        least(
            4,
            CASE
                WHEN severity_number >= 21 THEN 4
                WHEN severity_number >= 17 THEN 3
                WHEN severity_number >= 13 OR counts > 0 OR worst_score >= 0.9 THEN 2
                ELSE 1
            END + (lines >= 1000)::INTEGER
        ) AS level
    FROM summed
)
SELECT
    wanted.incident_id,
    left(
        md5(
            concat_ws(
                chr(31), wanted.service_name, levels.worst.domain, levels.worst.anomaly, levels.worst.template_id
            )
        ),
        16
    ) AS fingerprint,
    wanted.service_name,
    main_domains.domain,
    levels.worst.template_id AS template_id,
    levels.worst.anomaly AS anomaly,
    ['info', 'warning', 'error', 'critical'][levels.level] AS severity,
    levels.level,
    wanted.first_seen,
    wanted.last_seen,
    levels.lines,
    levels.lines_to_read,
    levels.counts,
    levels.worst_score,
    levels.mean_score
FROM incidents_to_weigh AS wanted
INNER JOIN levels ON wanted.incident_id = levels.incident_id
LEFT JOIN main_domains ON wanted.incident_id = main_domains.incident_id;
