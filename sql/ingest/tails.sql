-- The records that are read again: their loads and where they begin.
CREATE OR REPLACE TEMP TABLE tails AS
SELECT
    unnest($ingest_ids::INTEGER[]) AS ingest_id,
    unnest($byte_offsets::BIGINT[]) AS byte_offset;
