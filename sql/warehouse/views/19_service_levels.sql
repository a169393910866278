-- What scoring is held to, measured over the last days: of the lines that were read (or of the questions
-- that wait, or were answered) how many are as they should be, against a target. A warehouse may state
-- other thresholds and targets ('fame settings'). Lines that have left the file are not counted. A
-- source is an archive if none of its lines was read within a day of being written: nobody waited for
-- them, so that neither freshness nor latency is judged by them.
CREATE OR REPLACE VIEW fame.service_levels AS
WITH
present AS (
    SELECT
        coalesce(getvariable('fame_moment')::TIMESTAMP, current_timestamp AT TIME ZONE 'UTC') AS now,
        coalesce((SELECT value::DOUBLE FROM fame.settings WHERE key = 'level_days'), 7) AS days
),
objectives AS (
    SELECT
        given.place,
        given.objective,
        coalesce(thresholds.value::DOUBLE, given.threshold) AS threshold,
        given.threshold_unit,
        coalesce(targets.value::DOUBLE, given.target) AS target
    FROM (
        VALUES
        (1, 'coverage', NULL::DOUBLE, NULL, 0.999::DOUBLE),
        (2, 'freshness', 900, 'seconds', 0.99),
        (3, 'latency', 300, 'seconds', 0.99),
        (4, 'stability', 0.25, 'psi', 0.95),
        (5, 'answers', 172800, 'seconds', 0.9)
    ) AS given (place, objective, threshold, threshold_unit, target)
    LEFT JOIN fame.settings AS thresholds ON thresholds.key = given.objective || '_threshold'
    LEFT JOIN fame.settings AS targets ON targets.key = given.objective || '_target'
),
first_verdicts AS (
    SELECT event_id, min(scored_at) AS scored_at FROM fame.scores GROUP BY event_id
),
live_sources AS (
    SELECT logs.source_path
    FROM fame.logs AS logs
    CROSS JOIN present
    WHERE logs.observed_timestamp > present.now - to_seconds((86400 * present.days)::BIGINT)
    GROUP BY logs.source_path
    HAVING max(coalesce(logs.timestamp, logs.observed_timestamp) >= logs.observed_timestamp - INTERVAL 1 DAY)
),
lines AS (
    SELECT
        logs.source_path IN (SELECT source_path FROM live_sources) AS is_live,
        epoch(logs.observed_timestamp) - epoch(logs.timestamp) AS read_after,
        epoch(first_verdicts.scored_at) - epoch(logs.observed_timestamp) AS judged_after,
        epoch(present.now) - epoch(logs.observed_timestamp) AS age,
        verdicts.event_id IS NOT NULL AS is_judged
    FROM fame.logs AS logs
    CROSS JOIN present
    LEFT JOIN first_verdicts ON logs.event_id = first_verdicts.event_id
    LEFT JOIN fame.verdicts AS verdicts ON logs.event_id = verdicts.event_id
    WHERE
        logs.observed_timestamp > present.now - to_seconds((86400 * present.days)::BIGINT)
        AND logs.event_id IS NOT NULL
),
asked AS (
    SELECT
        queue.template_id,
        epoch(any_value(present.now)) - epoch(min(first_verdicts.scored_at)) AS age
    FROM fame.label_queue AS queue
    CROSS JOIN present
    INNER JOIN fame.provisional_events AS noticed ON queue.template_id = noticed.template_id
    INNER JOIN first_verdicts ON noticed.event_id = first_verdicts.event_id
    GROUP BY queue.template_id
),
answered AS (
    SELECT count(*) AS answers
    FROM fame.answers AS answers
    CROSS JOIN present
    WHERE answers.answered_at > present.now - to_seconds((86400 * present.days)::BIGINT)
),
counted AS (
    SELECT objectives.objective, count(*) AS total, count(*) FILTER (WHERE lines.is_judged) AS good
    FROM lines INNER JOIN objectives ON objectives.objective = 'coverage'
    GROUP BY objectives.objective
    UNION ALL
    SELECT
        objectives.objective,
        count(lines.read_after),
        count(*) FILTER (WHERE lines.read_after <= objectives.threshold)
    FROM lines INNER JOIN objectives ON objectives.objective = 'freshness'
    WHERE lines.is_live
    GROUP BY objectives.objective
    UNION ALL
    -- A line that still has time to be judged counts neither way.
    SELECT
        objectives.objective,
        count(*) FILTER (WHERE lines.judged_after IS NOT NULL OR lines.age > objectives.threshold),
        count(*) FILTER (WHERE lines.judged_after <= objectives.threshold)
    FROM lines INNER JOIN objectives ON objectives.objective = 'latency'
    WHERE lines.is_live
    GROUP BY objectives.objective
    UNION ALL
    SELECT
        objectives.objective,
        sum(drift.recent_lines)::BIGINT,
        coalesce(sum(drift.recent_lines) FILTER (WHERE drift.psi < objectives.threshold), 0)::BIGINT
    FROM fame.drift AS drift INNER JOIN objectives ON objectives.objective = 'stability'
    WHERE drift.recent_lines >= 200 AND drift.reference_lines >= 200 AND drift.psi IS NOT NULL
    GROUP BY objectives.objective
    UNION ALL
    SELECT
        objectives.objective,
        any_value(answered.answers) + count(asked.template_id),
        any_value(answered.answers) + count(*) FILTER (WHERE asked.age <= objectives.threshold)
    FROM answered
    INNER JOIN objectives ON objectives.objective = 'answers'
    LEFT JOIN asked ON true
    GROUP BY objectives.objective
)
SELECT
    objectives.objective,
    objectives.threshold,
    objectives.threshold_unit,
    objectives.target,
    present.days,
    coalesce(counted.total, 0) AS total,
    coalesce(counted.good, 0) AS good,
    counted.good / nullif(counted.total, 0) AS ratio,
    1 - (counted.total - counted.good) / nullif((1 - objectives.target) * counted.total, 0) AS budget_left
FROM objectives
CROSS JOIN present
LEFT JOIN counted ON objectives.objective = counted.objective
ORDER BY objectives.place;
