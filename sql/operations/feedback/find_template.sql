-- Templates of that identity, mined or provisional, or whose identity begins with it.
SELECT DISTINCT template_id
FROM (
    SELECT template_id FROM fame.templates
    UNION ALL
    SELECT template_id FROM fame.provisional_events
)
WHERE starts_with(template_id, $name)
ORDER BY template_id = $name DESC, template_id
LIMIT 5;
