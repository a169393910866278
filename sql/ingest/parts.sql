-- The sources whose lines are read together. Their lines have places one after the other, which
-- are their numbers plus the shift of the source.
CREATE OR REPLACE TEMP TABLE parts AS
SELECT
    unnest($first_places::BIGINT[]) AS first_place,
    unnest($shifts::BIGINT[]) AS shift,
    unnest($paths::VARCHAR[]) AS source_path,
    unnest($ingest_ids::BIGINT[]) AS ingest_id,
    unnest($continuations::VARCHAR[]) AS continuation;
