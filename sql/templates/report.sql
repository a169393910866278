SELECT
    (SELECT count(*) FROM fame.templates) AS templates,
    (SELECT count(*) FROM fame.events) AS events,
    (SELECT count(*) FROM fame.events WHERE template_id IS NULL) AS unmatched,
    (SELECT any_value(lines) FROM fame.splits) AS training_lines;
