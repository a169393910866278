-- A notice that is not held back any more.
UPDATE fame.alert_holds SET released_at = ?
WHERE channel = ? AND incident_id = ? AND released_at IS NULL;
