-- The records that are read again: their loads, where they begin, and the loads that read them.
CREATE OR REPLACE TEMP TABLE tails AS
SELECT
    unnest($ingest_ids::BIGINT[]) AS ingest_id,
    unnest($byte_offsets::BIGINT[]) AS byte_offset,
    unnest($load_ids::BIGINT[]) AS load_id;
