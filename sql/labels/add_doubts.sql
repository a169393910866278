INSERT INTO fame.doubts BY NAME
SELECT log_id, event_id, template_id, author, reason, $noted_at AS noted_at
FROM doubtful_lines;
