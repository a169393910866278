FROM fame.first_seen($start, $stop);
