-- What is stored of each event, in the columns of the live functions.
CREATE OR REPLACE TEMP TABLE __fame_events AS
SELECT DISTINCT ON (scores.event_id)
    scores.event_id,
    $verdict_of_scores
FROM fame.scores AS scores
LEFT JOIN fame.templates AS templates ON scores.template_id = templates.template_id
LEFT JOIN fame.answered_events AS answers ON scores.event_id = answers.event_id
WHERE scores.model_version = $model_version;
