-- The value heads of a model, none if it is not the champion.
CREATE OR REPLACE TEMP TABLE __fame_heads AS
SELECT value_heads.*
FROM fame.value_heads AS value_heads
INNER JOIN fame.champion AS champion ON champion.model_version = $model_version;
