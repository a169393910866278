SELECT path FROM fame.partitions WHERE state = 'stored' ORDER BY partition_id;
