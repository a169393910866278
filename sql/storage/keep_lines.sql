-- Lines that stay regardless of their age: those with a label, and the unfinished last line of a
-- source, which is replaced when the source grows.
CREATE OR REPLACE TEMP TABLE kept_lines AS
SELECT log_id FROM fame.labels WHERE log_id IS NOT NULL
UNION
SELECT logs.log_id
FROM fame.logs AS logs
INNER JOIN fame.ingests AS ingests
    ON logs.ingest_id = ingests.ingest_id AND logs.byte_offset = ingests.tail_offset;
