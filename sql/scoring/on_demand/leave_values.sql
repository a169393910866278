-- The verdicts that depend on a message's values: without a model, the live functions judge it.
UPDATE temp.__fame_events SET model_version = NULL
WHERE list_contains($templates, template_id) AND coalesce(answer, 'mixed') = 'mixed';
