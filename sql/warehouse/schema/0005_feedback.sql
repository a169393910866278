-- Since fame-sql 0.1.0.
-- What people say of verdicts that they were shown: written by whoever shows them, kept beside the
-- verdict of the model that gave it. A label teaches the next model; feedback measures this one.
CREATE TABLE fame.feedback (
    log_id BIGINT,
    event_id INTEGER NOT NULL,
    model_version VARCHAR NOT NULL,
    score DOUBLE,
    is_anomaly BOOLEAN NOT NULL,  -- what the person says
    author VARCHAR,
    comment VARCHAR,
    created_at TIMESTAMP NOT NULL DEFAULT (current_timestamp AT TIME ZONE 'UTC')
);
