SELECT count(*)
FROM fame.templates
WHERE NOT EXISTS (
    SELECT 1
    FROM fame.labels
    WHERE labels.template_id = templates.template_id AND labels.source <> 'rule'
);
