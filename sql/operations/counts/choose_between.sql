-- The half minutes of a time range.
CREATE OR REPLACE TEMP TABLE chosen_buckets AS
SELECT bucket
FROM session_buckets
WHERE bucket >= $since AND bucket < $until;
