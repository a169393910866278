-- The stored verdicts as functions, which need no Python; NULL for messages that are not scored.
-- Macros substitute text, so inner names must be such as no caller uses, and a message is written
-- once, outside the join: DuckDB takes minutes for a subquery in the condition of another one.
--
-- A macro reads the tables of the current warehouse, also if it is called as that of an attached one.
-- So each asks whether its own warehouse is current. error() is not for that: it is volatile, and a
-- window takes no volatile key. Where no warehouse is current, DuckDB's error has the name to read.
CREATE OR REPLACE MACRO fame.use_this_warehouse_first(identity) AS (
    SELECT
        CASE
            WHEN __fame_s.value IS DISTINCT FROM identity
                THEN CAST(concat('another warehouse is current: run USE with its name', left(key, 0)) AS BOOLEAN)
            WHEN __fame_c.copies > 1
                THEN CAST(concat('a copy of this warehouse is attached: DETACH it', left(key, 0)) AS BOOLEAN)
            ELSE true
        END
    FROM fame.settings AS __fame_s
    CROSS JOIN (
        SELECT count(*) AS copies FROM duckdb_tables()
        WHERE table_name = 'settings' AND schema_name = 'fame' AND contains(comment, identity)
    ) AS __fame_c
    WHERE __fame_s.key = 'identity'
);
CREATE OR REPLACE MACRO fame.score(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity') THEN (
        SELECT __fame_v.score
        FROM (SELECT md5(fame.canonical(message)) AS __fame_hash) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash
    ) END
);
CREATE OR REPLACE MACRO fame.is_anomaly(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity') THEN (
        SELECT __fame_v.is_anomaly
        FROM (SELECT md5(fame.canonical(message)) AS __fame_hash) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash
    ) END
);
CREATE OR REPLACE MACRO fame.domain(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity') THEN (
        SELECT __fame_v.domain
        FROM (SELECT md5(fame.canonical(message)) AS __fame_hash) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash
    ) END
);
CREATE OR REPLACE MACRO fame.template(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity') THEN (
        SELECT __fame_v.template
        FROM (SELECT md5(fame.canonical(message)) AS __fame_hash) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash
    ) END
);
CREATE OR REPLACE MACRO fame.novelty(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity') THEN (
        SELECT __fame_v.novelty
        FROM (SELECT md5(fame.canonical(message)) AS __fame_hash) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash
    ) END
);
CREATE OR REPLACE MACRO fame.action(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity') THEN (
        SELECT
            CASE
                WHEN __fame_v.known_template
                    OR __fame_v.answer IS NOT NULL
                    OR __fame_p.unseen = 'alert'
                    THEN CASE WHEN __fame_v.is_anomaly THEN 'alert' ELSE 'none' END
                WHEN __fame_v.is_anomaly AND __fame_p.unseen <> 'queue-only' THEN 'both'
                ELSE 'queue'
            END
        FROM (SELECT md5(fame.canonical(message)) AS __fame_hash) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash
        CROSS JOIN fame.policy AS __fame_p
    ) END
);
CREATE OR REPLACE MACRO fame.verdict(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity') THEN (
        SELECT {
            $verdict_fields
        }
        FROM (SELECT md5(fame.canonical(message)) AS __fame_hash) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash
    ) END
);
