-- The services of the log.
SELECT DISTINCT service_name FROM fame.logs
WHERE service_name IS NOT NULL;
