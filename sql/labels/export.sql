-- The lines to judge, for a spreadsheet: a leading quote keeps a cell from being a formula.
SELECT
    chosen.log_id,
    chosen.template_id,
    logs.timestamp,
    logs.service_name,
    logs.severity_text,
    CASE
        WHEN regexp_matches(logs.body, '^[=+@\t\r-]') THEN '''' || logs.body ELSE logs.body
    END AS message,
    '' AS label,
    '' AS evidence
FROM chosen_lines AS chosen
INNER JOIN fame.logs AS logs ON chosen.log_id = logs.log_id
INNER JOIN fame.templates AS templates ON chosen.template_id = templates.template_id
ORDER BY templates.match_order, chosen.nth;
