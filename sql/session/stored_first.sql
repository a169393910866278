-- The stored verdict on a message first, and the live function where there is none: for statements
-- that no planner sees. Text is not given to coalesce, in which DuckDB 1 reads it after it is freed.
CREATE OR REPLACE TEMP MACRO fame_stored_first_score(message) AS
coalesce(fame.score(message), fame_score(message));

CREATE OR REPLACE TEMP MACRO fame_stored_first_is_anomaly(message) AS
coalesce(fame.is_anomaly(message), fame_is_anomaly(message));

CREATE OR REPLACE TEMP MACRO fame_stored_first_novelty(message) AS
coalesce(fame.novelty(message), fame_novelty(message));

CREATE OR REPLACE TEMP MACRO fame_stored_first_domain(message) AS
CASE
    WHEN fame.domain(message) IS NULL THEN fame_domain(message) ELSE fame.domain(message)
END;

CREATE OR REPLACE TEMP MACRO fame_stored_first_verdict(message) AS
CASE
    WHEN fame.score(message) IS NULL THEN fame_verdict(message) ELSE fame.verdict(message)
END;
