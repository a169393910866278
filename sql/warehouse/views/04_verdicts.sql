-- The champion's verdicts, and where a template has been answered the answer: one row per scored
-- event.
CREATE OR REPLACE VIEW fame.verdicts AS
SELECT
    events.event_id,
    events.event_hash,
    events.canonical,
    $verdict_of_scores
FROM fame.scores AS scores
INNER JOIN fame.champion AS champion ON scores.model_version = champion.model_version
INNER JOIN fame.events AS events ON scores.event_id = events.event_id
LEFT JOIN fame.templates AS templates ON scores.template_id = templates.template_id
LEFT JOIN fame.answered_events AS answers ON scores.event_id = answers.event_id;
