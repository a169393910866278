INSERT INTO fame.ingest_rows BY NAME
SELECT * REPLACE ('complete' AS state, $finished_at::TIMESTAMP AS finished_at)
FROM fame.ingests
WHERE ingest_id = $ingest_id;
