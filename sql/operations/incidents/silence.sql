-- Which open incidents dismissals cover now. One that they do not cover any more, without having
-- changed, is open again for people.
CREATE OR REPLACE TEMP TABLE silences AS
SELECT knowledge.incident_id, knowledge.silenced, stored.silenced AS was_silenced, stored.state
FROM fame.incident_knowledge AS knowledge
INNER JOIN fame.stored_incidents AS stored ON knowledge.incident_id = stored.incident_id
WHERE knowledge.silenced <> stored.silenced AND (
    stored.state <> 'resolved' OR stored.incident_id IN (SELECT incident_id FROM incidents_to_tell)
);

UPDATE fame.stored_incidents SET silenced = silences.silenced
FROM silences WHERE stored_incidents.incident_id = silences.incident_id;

INSERT INTO incidents_to_tell
SELECT incident_id, 'reopened'
FROM silences
WHERE was_silenced
    AND state <> 'resolved'
    AND incident_id NOT IN (SELECT incident_id FROM incidents_to_tell);
