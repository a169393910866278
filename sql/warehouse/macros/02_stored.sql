-- The stored verdicts as functions, which need no Python; NULL for messages that are not scored.
-- Macros substitute text, so inner names must be such as no caller uses, and a message is written
-- once, outside the join: DuckDB takes minutes for a subquery in the condition of another one.
--
-- A macro reads the tables of the current warehouse, also if it is called as that of an attached one.
-- So each asks whether its own warehouse is current, by a parameter that is named after the warehouse:
-- DuckDB does not bind the call in another one. A check as it runs is not enough, because DuckDB does
-- not run what it knows to be empty. Of copies, which have the same name, only one may be attached.
-- error() is not for that: it is volatile, and a window takes no volatile key. Where no warehouse is
-- current, DuckDB's error has the name to read; so table functions ask before they name a table.
CREATE OR REPLACE MACRO fame.use_this_warehouse_first(identity, "$current" := true) AS (
    SELECT
        CASE
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
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT $message_score
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
    ) END
);
CREATE OR REPLACE MACRO fame.is_anomaly(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT $message_is_anomaly
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
    ) END
);
CREATE OR REPLACE MACRO fame.domain(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT __fame_v.domain
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
    ) END
);
CREATE OR REPLACE MACRO fame.template(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT __fame_v.template
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
    ) END
);
CREATE OR REPLACE MACRO fame.novelty(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT __fame_v.novelty
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
    ) END
);
CREATE OR REPLACE MACRO fame.action(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT
            CASE
                WHEN __fame_v.known_template
                    OR __fame_v.answer IS NOT NULL
                    OR __fame_p.unseen = 'alert'
                    THEN CASE WHEN $message_is_anomaly THEN 'alert' ELSE 'none' END
                WHEN $message_is_anomaly AND __fame_p.unseen <> 'queue-only' THEN 'both'
                ELSE 'queue'
            END
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
        CROSS JOIN fame.policy AS __fame_p
    ) END
);
CREATE OR REPLACE MACRO fame.verdict(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT {
            $verdict_fields
        }
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
    ) END
);
-- What is stored of a message's score: no weights of words, which the model alone can tell.
CREATE OR REPLACE MACRO fame.explain(message) AS (
    CASE WHEN fame.use_this_warehouse_first('$identity', "$current" := true) THEN (
        SELECT {
            'log_odds': round(
                ln(
                    greatest(least($message_score, 0.999999), 0.000001)
                    / (1 - greatest(least($message_score, 0.999999), 0.000001))
                ), 4
            ),
            'base': NULL::DOUBLE,
            'words': NULL::STRUCT(token VARCHAR, weight DOUBLE)[],
            'nearest': CASE
                WHEN __fame_n.example IS NOT NULL
                    THEN {
                        'message': __fame_n.example,
                        'label': __fame_n.label,
                        'distance': round(
                            1 - len(list_intersect(__fame_n.words, string_split(__fame_v.canonical, ' ')))
                            / len(list_distinct(
                                list_concat(__fame_n.words, string_split(__fame_v.canonical, ' '))
                            )), 4
                        )
                    }
            END,
            'domain': {
                'name': __fame_v.domain,
                'kind': __fame_d.kind,
                'description': __fame_d.description,
                'normal_labels': coalesce(__fame_l.normal_labels, 0)::BIGINT,
                'anomalous_labels': coalesce(__fame_l.anomalous_labels, 0)::BIGINT
            }
        }
        FROM ($message) AS __fame_m
        INNER JOIN fame.verdicts AS __fame_v ON __fame_m.__fame_hash = __fame_v.event_hash$message_heads
        LEFT JOIN fame.domains AS __fame_d ON __fame_v.domain = __fame_d.domain
        LEFT JOIN (
            SELECT
                __fame_t.domain,
                sum(__fame_e.normal_labels) AS normal_labels,
                sum(__fame_e.anomalous_labels) AS anomalous_labels
            FROM fame.event_labels AS __fame_e
            INNER JOIN fame.events AS __fame_o ON __fame_e.event_id = __fame_o.event_id
            INNER JOIN fame.domain_templates AS __fame_t
                ON __fame_o.template_id = __fame_t.template_id
            GROUP BY __fame_t.domain
        ) AS __fame_l ON __fame_v.domain = __fame_l.domain
        LEFT JOIN (
            SELECT
                __fame_o.template_id,
                arg_max(__fame_o.example, (__fame_o.lines, __fame_o.event_id)) AS example,
                string_split(
                    arg_max(__fame_o.canonical, (__fame_o.lines, __fame_o.event_id)), ' '
                ) AS words,
                CASE
                    WHEN arg_max(__fame_e.anomalous_labels, (__fame_o.lines, __fame_o.event_id)) > 0
                        THEN 'anomalous'
                    ELSE 'normal'
                END AS label
            FROM fame.event_labels AS __fame_e
            INNER JOIN fame.events AS __fame_o ON __fame_e.event_id = __fame_o.event_id
            WHERE __fame_o.template_id IS NOT NULL
            GROUP BY __fame_o.template_id
        ) AS __fame_n ON __fame_v.template_id = __fame_n.template_id
    ) END
);
