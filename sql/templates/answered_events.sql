-- Events that no template matches and whose provisional template has been answered.
SELECT
    noticed.template_id,
    answers.template,
    events.event_id,
    events.canonical
FROM fame.answers_in_force AS answers
INNER JOIN fame.provisional_events AS noticed ON answers.template_id = noticed.template_id
INNER JOIN fame.events AS events ON noticed.event_id = events.event_id
WHERE events.template_id IS NULL
ORDER BY events.event_id;
