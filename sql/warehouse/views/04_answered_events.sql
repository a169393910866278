-- The events whose provisional template has been answered, each with the answer in force.
CREATE OR REPLACE VIEW fame.answered_events AS
SELECT
    noticed.event_id,
    answers.template_id,
    answers.label,
    answers.source
FROM fame.answers_in_force AS answers
INNER JOIN fame.provisional_events AS noticed ON answers.template_id = noticed.template_id;
