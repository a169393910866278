-- One row is one load, as far as it has come.
CREATE OR REPLACE VIEW fame.ingests AS
SELECT *
FROM fame.ingest_rows
QUALIFY row_number() OVER (PARTITION BY ingest_id ORDER BY rowid DESC) = 1;
