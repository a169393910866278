-- Since fame-sql 0.1.0.
-- The provisional template of each scored event, a function of its text that never changes; here of
-- the events that are scored already, as fame.provisional_id computes it.
CREATE TABLE fame.provisional_events AS
SELECT
    event_id,
    'new-' || left(md5(
        CASE
            WHEN 2 * (length(words) - length(replace(words, '<*>', '')))
                > 3 * (length(canonical) - length(replace(canonical, ' ', '')) + 1)
                THEN regexp_replace(canonical, '(?:[0-9#]|<[^<> ]*>)+', '<*>', 'g')
            ELSE words
        END
    ), 16) AS template_id
FROM (
    SELECT
        event_id,
        canonical,
        regexp_replace(canonical, '[^ ]*(?:[0-9#]|<[^<> ]*>)[^ ]*', '<*>', 'g') AS words
    FROM fame.events
    WHERE event_id IN (SELECT event_id FROM fame.scores)
)
ORDER BY event_id;

-- One row is one answer to the question that a template asks. A person's answer wins over a
-- language model's, and both are kept.
CREATE TABLE fame.answers (
    template_id VARCHAR NOT NULL,
    template VARCHAR NOT NULL,
    label VARCHAR NOT NULL CHECK (label IN ('normal', 'anomalous', 'mixed')),
    source VARCHAR NOT NULL CHECK (source IN ('human', 'llm')),
    author VARCHAR,
    evidence VARCHAR,
    answered_at TIMESTAMP NOT NULL,
    PRIMARY KEY (template_id, source)
);
