-- The stored verdicts as functions, which need no Python; NULL for messages that are not scored.
-- Macros substitute text, so the inner alias must be one that no caller uses.
CREATE OR REPLACE MACRO fame.score(message) AS (
    SELECT __fame_v.score FROM fame.verdicts AS __fame_v
    WHERE __fame_v.event_hash = md5(fame.canonical(message))
);
CREATE OR REPLACE MACRO fame.is_anomaly(message) AS (
    SELECT __fame_v.is_anomaly FROM fame.verdicts AS __fame_v
    WHERE __fame_v.event_hash = md5(fame.canonical(message))
);
CREATE OR REPLACE MACRO fame.domain(message) AS (
    SELECT __fame_v.domain FROM fame.verdicts AS __fame_v
    WHERE __fame_v.event_hash = md5(fame.canonical(message))
);
CREATE OR REPLACE MACRO fame.template(message) AS (
    SELECT __fame_v.template FROM fame.verdicts AS __fame_v
    WHERE __fame_v.event_hash = md5(fame.canonical(message))
);
CREATE OR REPLACE MACRO fame.novelty(message) AS (
    SELECT __fame_v.novelty FROM fame.verdicts AS __fame_v
    WHERE __fame_v.event_hash = md5(fame.canonical(message))
);
CREATE OR REPLACE MACRO fame.action(message) AS (
    SELECT
        CASE
            WHEN __fame_v.known_template OR __fame_v.answer IS NOT NULL OR __fame_p.unseen = 'alert'
                THEN CASE WHEN __fame_v.is_anomaly THEN 'alert' ELSE 'none' END
            WHEN __fame_v.is_anomaly AND __fame_p.unseen <> 'queue-only' THEN 'both'
            ELSE 'queue'
        END
    FROM fame.verdicts AS __fame_v
    CROSS JOIN fame.policy AS __fame_p
    WHERE __fame_v.event_hash = md5(fame.canonical(message))
);
CREATE OR REPLACE MACRO fame.verdict(message) AS (
    SELECT {
        $verdict_fields
    }
    FROM fame.verdicts AS __fame_v
    WHERE __fame_v.event_hash = md5(fame.canonical(message))
);
