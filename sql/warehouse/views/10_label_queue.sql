-- The queue: one row per provisional template that the champion does not know and nobody has
-- answered or labelled, the most suspicious first. Empty if the policy is 'alert'. Suspicion adds
-- what the words say (log-odds), what the severity says, and how many lines there are; it is the
-- formula of fame_sql.labels.suspicion.
CREATE OR REPLACE VIEW fame.label_queue AS
WITH
waiting AS (
    SELECT
        verdicts.event_id,
        noticed.template_id,
        verdicts.score,
        verdicts.novelty,
        verdicts.domain
    FROM fame.verdicts AS verdicts
    INNER JOIN fame.provisional_events AS noticed ON verdicts.event_id = noticed.event_id
    CROSS JOIN fame.policy AS policy
    WHERE NOT verdicts.known_template AND verdicts.answer IS NULL AND policy.unseen <> 'alert'
),
judged AS (
    SELECT DISTINCT noticed.template_id
    FROM fame.labels AS labels
    INNER JOIN fame.provisional_events AS noticed ON labels.event_id = noticed.event_id
),
severities AS (
    SELECT event_id, max(severity_number) AS severity_number
    FROM fame.logs
    WHERE event_id IN (SELECT event_id FROM waiting)
    GROUP BY event_id
),
grouped AS (
    SELECT
        waiting.template_id,
        fame.provisional_template(any_value(events.canonical)) AS template,
        arg_max(events.event_hash, (events.lines, events.event_hash)) AS event_hash,
        arg_max(events.example, (events.lines, events.event_hash)) AS example,
        count(*) AS events,
        sum(events.lines)::BIGINT AS lines,
        max(severities.severity_number) AS severity_number,
        max(waiting.score) AS score,
        max(waiting.novelty) AS novelty,
        arg_max(waiting.domain, (events.lines, events.event_hash)) AS domain,
        min(events.first_seen) AS first_seen,
        max(events.last_seen) AS last_seen
    FROM waiting
    INNER JOIN fame.events AS events ON waiting.event_id = events.event_id
    LEFT JOIN severities ON waiting.event_id = severities.event_id
    ANTI JOIN judged ON waiting.template_id = judged.template_id
    GROUP BY waiting.template_id
)
SELECT
    grouped.template_id,
    grouped.template,
    grouped.event_hash,
    grouped.example,
    grouped.events,
    grouped.lines,
    grouped.severity_number,
    grouped.score,
    round(
        ln(greatest(grouped.score, 0.001) / greatest(1 - grouped.score, 0.001))
        + CASE
            WHEN grouped.severity_number >= 21 THEN 6
            WHEN grouped.severity_number >= 17 THEN 4
            WHEN grouped.severity_number >= 13 THEN 2
            ELSE 0
        END
        + log10(grouped.lines),
        3
    ) AS suspicion,
    grouped.novelty,
    grouped.domain,
    grouped.first_seen,
    grouped.last_seen
FROM grouped
ORDER BY suspicion DESC, grouped.lines DESC, grouped.template_id;
