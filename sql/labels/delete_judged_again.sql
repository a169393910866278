-- What people have said before of the lines and events that they have now judged again.
DELETE FROM fame.labels
USING judged_lines AS judged
WHERE labels.source = 'human'
    AND labels.event_id = judged.event_id
    AND labels.log_id IS NOT DISTINCT FROM judged.log_id;
