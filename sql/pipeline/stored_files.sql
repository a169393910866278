-- The partition files that queries read.
SELECT path FROM fame.partitions WHERE state = 'stored' ORDER BY path;
