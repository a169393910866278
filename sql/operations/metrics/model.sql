SELECT champion.model_version AS version, 1.0 AS fame_model
FROM fame.champion AS champion;
