SELECT
    (SELECT count(*) FROM fame.logs) AS lines,
    (SELECT count(*) FROM fame.templates) AS templates,
    (SELECT count(*) FROM fame.events WHERE template_id IS NULL) AS unmatched_events,
    (SELECT count(*) FROM fame.logs WHERE severity_number IS NOT NULL) AS lines_with_severity,
    (SELECT count(*) FROM fame.labels WHERE source <> 'rule') AS labels;
