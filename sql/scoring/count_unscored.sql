-- Events without a verdict of the champion.
SELECT count(*) FROM fame.events
WHERE event_id NOT IN (SELECT event_id FROM fame.verdicts);
