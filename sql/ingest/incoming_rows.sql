SELECT * EXCLUDE (ingest_id, place) FROM incoming
ORDER BY place;
