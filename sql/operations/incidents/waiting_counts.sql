-- Whether windows that have ended are still to be tested.
SELECT count(*) > 0
FROM fame.untested_counts AS untested
CROSS JOIN incident_update AS facts
WHERE untested.bucket + INTERVAL 30 SECONDS <= facts.now;
