-- The incidents of a period, the worst first.
SELECT *
FROM fame.incidents
WHERE first_seen < $stop::TIMESTAMP AND last_seen >= $start::TIMESTAMP AND lines + counts > 0
ORDER BY
    silenced,
    list_position(['critical', 'error', 'warning', 'info'], severity),
    lines DESC,
    first_seen,
    incident_id;
