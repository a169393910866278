SELECT *
FROM fame.incidents
WHERE ($everything OR (state <> 'resolved' AND NOT silenced))
    AND ($since::TIMESTAMP IS NULL OR last_seen >= $since);
