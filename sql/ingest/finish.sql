UPDATE fame.ingests
SET state = 'complete', finished_at = $finished_at
WHERE ingest_id = $ingest_id;
