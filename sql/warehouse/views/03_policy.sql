-- How messages of new templates are handled: 'queue' them for an answer and report those that the
-- words alone call anomalous, 'alert' by their score without a queue, or 'queue-only', which reports
-- none before it is answered. One row, set by 'fame policy set'. A warehouse of an earlier fame-sql
-- has the key 'unseen', whose 'both' and 'queue' are 'queue' and 'queue-only' now.
CREATE OR REPLACE VIEW fame.policy AS
SELECT
    coalesce(
        max(CASE WHEN key = 'new_templates' THEN value END),
        max(CASE
            WHEN key = 'unseen' AND value = 'queue' THEN 'queue-only'
            WHEN key = 'unseen' AND value = 'alert' THEN 'alert'
        END),
        'queue'
    ) AS unseen
FROM fame.settings;
