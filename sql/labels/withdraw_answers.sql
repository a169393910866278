DELETE FROM fame.answers
USING given_answers AS given
WHERE answers.template_id = given.template_id AND answers.source = given.source;
