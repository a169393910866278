-- The provisional templates whose identity begins with what was written.
SELECT DISTINCT template_id
FROM fame.provisional_events
WHERE starts_with(template_id, $name)
ORDER BY template_id
LIMIT 3;
