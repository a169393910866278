-- Open incidents that dismissals cover, with what is known of them.
SELECT stored.incident_id, coalesce(knowledge.known, '') AS known
FROM fame.stored_incidents AS stored
INNER JOIN fame.incident_knowledge AS knowledge ON stored.incident_id = knowledge.incident_id
WHERE stored.silenced AND stored.state <> 'resolved' AND stored.merged_into IS NULL;
