SELECT event_id FROM fame.all_logs WHERE log_id = $log_id;
