-- An event may remain without lines, so that its scores and labels are kept.
UPDATE fame.events
SET lines = lines - 1
WHERE event_id IN (
    SELECT event_id FROM fame.logs
    WHERE ingest_id = $ingest_id AND byte_offset = $byte_offset
);
