-- Settings that are of a file alone: how it was defined, and where its partitions lie.
DELETE FROM fame.settings
WHERE key IN ('identity', 'definitions', 'partition_definitions', 'partition_place', 'lines');
