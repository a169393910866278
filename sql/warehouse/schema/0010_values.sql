-- Since fame-sql 0.1.0.
-- The weights of value heads, in millionths of log-odds: what a value at a place of a template adds.
-- A number lies in [low, high), where NULL is no bound; anything else is a category. At place 0
-- are the share of the event's own log-odds that is kept, and the intercept.
CREATE TABLE fame.value_weights (
    model_version VARCHAR NOT NULL,
    template_id VARCHAR NOT NULL,
    place INTEGER NOT NULL,
    parameter VARCHAR NOT NULL
    CHECK (parameter IN ('kept', 'intercept', 'number', 'form', 'unit', 'path', 'token')),
    low DOUBLE,
    high DOUBLE,
    category VARCHAR,
    weight BIGINT NOT NULL
);

-- Of lines whose values decide: the sum of their bins' weights, by that model's value head.
ALTER TABLE fame.past_lines ADD COLUMN bins BIGINT;
ALTER TABLE fame.past_lines ADD COLUMN bins_model VARCHAR;
