SELECT *
FROM fame.label_queue
ORDER BY suspicion DESC, lines DESC, template_id
LIMIT $at_most;
