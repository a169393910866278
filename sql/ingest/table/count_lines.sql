SELECT count(*)
FROM fame.logs
WHERE ingest_id IN (SELECT unnest(?::BIGINT[]));
