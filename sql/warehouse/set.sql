MERGE INTO fame.settings
USING (SELECT $key AS key, $value AS value) AS given
    ON settings.key = given.key
WHEN MATCHED THEN UPDATE SET value = given.value
WHEN NOT MATCHED THEN INSERT VALUES (given.key, given.value);
