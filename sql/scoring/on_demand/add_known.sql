INSERT INTO temp.__fame_known BY NAME
SELECT * EXCLUDE (event_id)
FROM new_texts;
