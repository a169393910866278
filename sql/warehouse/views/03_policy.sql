-- How messages of unseen templates are handled: 'alert' by their score, 'queue' for a label, or
-- 'both'. One row, set by 'fame policy set'.
CREATE OR REPLACE VIEW fame.policy AS
SELECT coalesce(max(value), 'both') AS unseen FROM fame.settings WHERE key = 'unseen';
