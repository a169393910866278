-- Open incidents whose fingerprint has been quiet for long enough, or of which nothing is left. A time that lies ahead of the clock
-- counts from when it was read.
CREATE OR REPLACE TEMP TABLE incidents_to_tell AS
WITH quiet AS (
    SELECT
        incident_id,
        lines + counts = 0 AS is_empty,
        max(least(last_seen, updated_at)) OVER (PARTITION BY fingerprint) AS since
    FROM fame.stored_incidents
    WHERE state <> 'resolved'
)
SELECT quiet.incident_id, 'resolved' AS transition
FROM quiet
CROSS JOIN incident_update AS facts
WHERE facts.now - quiet.since > facts.quiet OR quiet.is_empty;

UPDATE fame.stored_incidents SET state = 'resolved', resolved_at = facts.now
FROM incidents_to_tell AS told
CROSS JOIN incident_update AS facts
WHERE stored_incidents.incident_id = told.incident_id;
