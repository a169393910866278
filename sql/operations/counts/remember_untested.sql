INSERT INTO fame.untested_counts
SELECT bucket FROM touched_buckets WHERE bucket NOT IN (SELECT bucket FROM fame.untested_counts);
