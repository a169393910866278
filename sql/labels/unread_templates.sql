-- Templates without a label, or with labels by a rule only.
CREATE OR REPLACE TEMP TABLE templates_to_read AS
SELECT template_id
FROM fame.templates
WHERE $again OR NOT EXISTS (
    SELECT 1
    FROM fame.labels
    WHERE labels.template_id = templates.template_id AND labels.source <> 'rule'
);
