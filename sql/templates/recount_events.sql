-- The counts of templates, from those that events keep: no line is read.
UPDATE fame.templates
SET
    events = counted.events,
    lines = counted.lines,
    first_seen = counted.first_seen
FROM (
    SELECT
        template_id,
        count(*) AS events,
        sum(lines)::BIGINT AS lines,
        min(first_seen) AS first_seen
    FROM fame.events
    WHERE template_id IS NOT NULL
    GROUP BY template_id
) AS counted
WHERE templates.template_id = counted.template_id
  AND (templates.events, templates.lines) <> (counted.events, counted.lines);
