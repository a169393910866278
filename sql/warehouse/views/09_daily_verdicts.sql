-- The champion's verdicts by day, including lines that are in partitions or were dropped.
CREATE OR REPLACE VIEW fame.daily_verdicts AS
WITH counted AS (
    SELECT
        coalesce(timestamp, observed_timestamp)::DATE AS day,
        service_name,
        event_id,
        count(*) AS lines
    FROM fame.logs
    GROUP BY ALL
    UNION ALL
    SELECT
        day,
        service_name,
        event_id,
        lines
    FROM fame.past_lines
),
summed AS (
    SELECT
        day,
        service_name,
        event_id,
        sum(lines)::BIGINT AS lines
    FROM counted
    GROUP BY ALL
)
SELECT
    summed.day,
    summed.service_name,
    summed.event_id,
    summed.lines,
    verdicts.score,
    verdicts.is_anomaly,
    verdicts.domain,
    verdicts.template_id,
    verdicts.template,
    verdicts.known_template,
    verdicts.model_version
FROM summed
LEFT JOIN fame.verdicts AS verdicts ON summed.event_id = verdicts.event_id;
