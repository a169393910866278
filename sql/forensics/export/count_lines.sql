-- How many lines an export has.
SELECT count(*)
FROM $relation
WHERE ($since::TIMESTAMP IS NULL OR coalesce(timestamp, observed_timestamp) >= $since::TIMESTAMP)
    AND ($until::TIMESTAMP IS NULL OR coalesce(timestamp, observed_timestamp) < $until::TIMESTAMP);
