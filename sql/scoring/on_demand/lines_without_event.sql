SELECT count(*) FROM fame.logs WHERE event_id IS NULL AND body IS NOT NULL;
