-- The answers that decide verdicts: a person's before a language model's.
CREATE OR REPLACE VIEW fame.answers_in_force AS
SELECT
    answers.template_id,
    answers.template,
    answers.label,
    answers.source,
    answers.author,
    answers.evidence,
    answers.answered_at
FROM fame.answers AS answers
WHERE answers.source = 'human' OR NOT EXISTS (
    SELECT 1
    FROM fame.answers AS people
    WHERE people.template_id = answers.template_id AND people.source = 'human'
);
