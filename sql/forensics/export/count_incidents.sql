-- How many incidents an export has.
SELECT count(*)
FROM fame.incidents
WHERE ($since::TIMESTAMP IS NULL OR last_seen >= $since::TIMESTAMP)
    AND ($until::TIMESTAMP IS NULL OR first_seen < $until::TIMESTAMP);
