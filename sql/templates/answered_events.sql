-- Events that no template matches and of which people have spoken: those whose provisional template
-- has been answered, and those that feedback has labelled.
SELECT
    noticed.template_id,
    answers.template,
    events.event_id,
    events.canonical
FROM fame.answers_in_force AS answers
INNER JOIN fame.provisional_events AS noticed ON answers.template_id = noticed.template_id
INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
WHERE events.template_id IS NULL
UNION
SELECT
    noticed.template_id,
    fame.provisional_template(events.canonical) AS template,
    events.event_id,
    events.canonical
FROM fame.labels AS labels
INNER JOIN fame.provisional_events AS noticed ON labels.event_id = noticed.event_id
INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
WHERE events.template_id IS NULL
    AND labels.source = 'human'
    AND labels.log_id IS NULL
    AND (labels.author, labels.labelled_at) IN (SELECT (author, created_at) FROM fame.feedback)
ORDER BY event_id;
