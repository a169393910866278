INSERT INTO temp.__fame_events BY NAME
SELECT * EXCLUDE (canonical)
FROM new_verdicts;
