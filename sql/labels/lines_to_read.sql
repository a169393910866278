-- The chosen lines in the order in which a language model labels them: within a template by a
-- hash of the message, which is independent of labels and the same on every machine.
SELECT
    chosen.log_id,
    chosen.event_id,
    chosen.template_id,
    templates.template,
    logs.body,
    logs.severity_text,
    logs.service_name
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id
INNER JOIN fame.templates AS templates ON chosen.template_id = templates.template_id
ORDER BY chosen.template_id, md5(logs.body), logs.body;
