UPDATE fame.partitions
SET state = 'expired'
WHERE partition_id IN (SELECT unnest($partition_ids));
