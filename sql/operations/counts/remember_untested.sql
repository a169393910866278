-- Half minutes whose windows are to be tested, with those whose gaps have been counted again.
INSERT INTO fame.untested_counts
SELECT bucket FROM touched_buckets
UNION
SELECT bucket FROM fame.gap_counts WHERE bucket IN (SELECT bucket FROM gap_buckets)
EXCEPT
SELECT bucket FROM fame.untested_counts;
