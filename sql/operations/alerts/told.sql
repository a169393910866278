-- What the channels were told.
SELECT
    channel, incident_id, fingerprint, phase, what, severity, told_at, ended_at, lines, mark, refused,
    refused_phase, owed
FROM fame.alert_told
ORDER BY channel, incident_id;
