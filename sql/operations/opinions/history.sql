-- Earlier incidents with the same fingerprint, the newest first.
SELECT
    first_seen,
    last_seen,
    severity,
    lines,
    known
FROM fame.incidents
WHERE
    fingerprint = $fingerprint AND incident_id <> $incident_id AND first_seen < $first_seen
ORDER BY first_seen DESC, incident_id
LIMIT 5;
