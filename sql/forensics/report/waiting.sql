-- What is not done: templates without an answer, lines that no update has read for incidents.
SELECT
    (SELECT count(*) FROM fame.label_queue) AS queue,
    (
        SELECT count(*)
        FROM fame.logs
        WHERE log_id > coalesce(
            (SELECT value::BIGINT FROM fame.settings WHERE key = 'incidents_read'), 0
        )
    ) AS lines_without_incident;
