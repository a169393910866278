-- Earlier doubts of a language model about the templates that it reads now.
DELETE FROM fame.doubts
WHERE template_id IN (SELECT template_id FROM templates_to_read);
