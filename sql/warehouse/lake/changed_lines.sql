-- Lines of which the lake remembers another version, and whose message is not that of their event.
SELECT count(*)
FROM fame.logs AS lines
INNER JOIN
    (SELECT DISTINCT log_id FROM ducklake_table_deletions('$lake', 'fame', 'logs', $first, $last))
    USING (log_id)
INNER JOIN fame.events AS events ON lines.event_id = events.event_id
WHERE events.canonical IS DISTINCT FROM $canonical;
