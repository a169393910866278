DELETE FROM fame.scores
WHERE model_version IN (SELECT model_version FROM fame.models WHERE stage = 'archived');
