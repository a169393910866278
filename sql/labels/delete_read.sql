-- Earlier labels by a language model of the templates that it reads now.
DELETE FROM fame.labels
WHERE source = 'llm' AND template_id IN (SELECT template_id FROM templates_to_read);
