-- The names of the live functions over stored verdicts, in a separate schema. In a program without
-- Python, DuckDB answers a call of fame_score with: did you mean "fame_stored.fame_score"? They
-- cannot be in main: a Python function cannot be registered under the name of a macro there, which
-- would hide it (docs/architecture.md, Names of functions).
CREATE SCHEMA IF NOT EXISTS fame_stored;
CREATE OR REPLACE MACRO fame_stored.fame_score(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.score(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_is_anomaly(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.is_anomaly(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_domain(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.domain(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_template(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.template(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_canonical(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.canonical(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_novelty(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.novelty(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_action(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.action(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_verdict(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN fame.verdict(message) END
);
CREATE OR REPLACE MACRO fame_stored.fame_explain(message) AS error(
    'fame_explain asks the model and is not stored: run it with ''fame query'', or on a connection '
    || 'of fame_sql.connect; fame.explain returns what is stored'
);
