FROM fame.timeline($start, $stop, bucket := to_minutes($minutes));
