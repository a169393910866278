-- Where the lines lie that no update has read: how far they go, whether some of them have been moved
-- into partitions, and from where on earlier lines of events that wait have to be read.
SELECT
    greatest(
        (SELECT coalesce(max(log_id), 0) FROM fame.logs),
        (SELECT coalesce(max(last_log_id), 0) FROM fame.past_lines)
    ) AS until,
    (SELECT coalesce(max(last_log_id), 0) FROM fame.past_lines)
    > least($after, coalesce(min(waiting.first_log_id), $after)) AS in_partitions,
    coalesce(min(waiting.first_log_id), $after + 1) AS waiting_from,
    count(verdicts.event_id) AS judged
FROM fame.incident_waiting AS waiting
LEFT JOIN fame.verdicts AS verdicts ON waiting.event_id = verdicts.event_id;
