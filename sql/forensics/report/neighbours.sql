FROM fame.neighbours($log_id, each_way := 4);
