-- The model in force, with what it was measured to do on labels that it had not learned from.
SELECT
    champion.model_version,
    champion.created_at,
    try_cast(champion.metrics ->> '$.held_out.known.precision' AS DOUBLE) AS known_precision,
    try_cast(champion.metrics ->> '$.held_out.known.recall' AS DOUBLE) AS known_recall,
    try_cast(champion.metrics ->> '$.held_out.known.anomalous_events' AS BIGINT) AS known_events,
    try_cast(champion.metrics ->> '$.held_out.unseen.precision' AS DOUBLE) AS unseen_precision,
    try_cast(champion.metrics ->> '$.held_out.unseen.recall' AS DOUBLE) AS unseen_recall,
    try_cast(champion.metrics ->> '$.held_out.unseen.anomalous_events' AS BIGINT) AS unseen_events
FROM fame.champion AS champion;
