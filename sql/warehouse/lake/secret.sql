-- The keys of a bucket, for this process alone.
CREATE OR REPLACE TEMPORARY SECRET fame_bucket (TYPE s3, SCOPE $place, $names);
