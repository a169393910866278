INSERT INTO fame.templates
SELECT
    template_id,
    template,
    match_order,
    generation,
    'unlabelled' AS status,
    NULL AS service_name,
    0 AS events,
    0 AS lines,
    NULL AS first_seen,
    $mined_at AS mined_at
FROM mined_templates;
