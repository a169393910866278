-- Events that the champion has not judged, in the recent lines.
SELECT count(DISTINCT event_id) FROM fame.drift_lines WHERE is_recent AND score IS NULL;
