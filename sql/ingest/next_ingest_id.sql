SELECT coalesce(max(ingest_id), 0) + 1 FROM fame.ingests;
