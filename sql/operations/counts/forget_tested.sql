DELETE FROM fame.untested_counts WHERE bucket IN (SELECT bucket FROM chosen_buckets);
