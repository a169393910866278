-- The label queue: one row per template (or per event, where no template is mined yet) that the
-- champion does not know and nobody has labelled. Empty if the policy is 'alert'.
CREATE OR REPLACE VIEW fame.label_queue AS
WITH judged AS (
    SELECT DISTINCT coalesce(events.template_id, events.event_hash) AS member
    FROM fame.labels AS labels
    INNER JOIN fame.events AS events ON labels.event_id = events.event_id
)
SELECT
    events.template_id,
    arg_max(events.event_hash, (events.lines, events.event_hash)) AS event_hash,
    arg_max(events.example, (events.lines, events.event_hash)) AS example,
    count(*) AS events,
    sum(events.lines)::BIGINT AS lines,
    max(verdicts.score) AS score,
    max(verdicts.novelty) AS novelty,
    arg_max(verdicts.domain, (events.lines, events.event_hash)) AS domain,
    min(events.first_seen) AS first_seen,
    max(events.last_seen) AS last_seen
FROM fame.verdicts AS verdicts
INNER JOIN fame.events AS events ON verdicts.event_id = events.event_id
CROSS JOIN fame.policy AS policy
ANTI JOIN judged ON coalesce(events.template_id, events.event_hash) = judged.member
WHERE NOT verdicts.known_template AND policy.unseen <> 'alert'
GROUP BY events.template_id, CASE WHEN events.template_id IS NULL THEN events.event_id END
ORDER BY score DESC, lines DESC, event_hash;
