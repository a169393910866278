SELECT count(*)
FROM fame.value_weights AS weights
INNER JOIN fame.models AS models ON weights.model_version = models.model_version
WHERE models.stage = 'champion';
