-- fame.daily_verdicts where values decide: one row for each sum of bins as well. The bins of lines
-- that are gone count for the model that was the champion when they went; under another one, such
-- lines have the verdict of their event.
CREATE OR REPLACE VIEW fame.daily_verdicts AS
WITH counted AS (
    SELECT
        coalesce(logs.timestamp, logs.observed_timestamp)::DATE AS day,
        logs.service_name,
        logs.event_id,
        $line_bins AS bins,
        count(*) AS lines
    FROM fame.logs AS logs$event_heads
    GROUP BY ALL
    UNION ALL
    SELECT
        past.day,
        past.service_name,
        past.event_id,
        CASE WHEN champion.model_version IS NOT NULL THEN past.bins END AS bins,
        past.lines
    FROM fame.past_lines AS past
    LEFT JOIN fame.champion AS champion ON past.bins_model = champion.model_version
),
summed AS (
    SELECT
        day,
        service_name,
        event_id,
        bins,
        sum(lines)::BIGINT AS lines
    FROM counted
    GROUP BY ALL
)
SELECT
    summed.day,
    summed.service_name,
    summed.event_id,
    summed.lines,
    $score_by_bins AS score,
    $score_by_bins > $threshold AS is_anomaly,
    verdicts.domain,
    verdicts.template_id,
    verdicts.template,
    verdicts.known_template,
    verdicts.model_version
FROM summed
LEFT JOIN fame.verdicts AS verdicts ON summed.event_id = verdicts.event_id$heads_of_bins;
