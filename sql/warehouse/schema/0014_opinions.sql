-- Since fame-sql 0.1.0.
-- What a language model was asked and said of an incident, with what it was permitted to do: a log,
-- in which nothing is replaced.
CREATE TABLE fame.second_opinions (
    incident_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    request_hash VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    permission VARCHAR NOT NULL CHECK (permission IN ('read', 'propose')),
    opinion_severity VARCHAR,  -- NULL: no answer that could be used
    opinion_type VARCHAR,
    summary VARCHAR,
    evidence BIGINT[],
    disproof VARCHAR,
    proposal VARCHAR,
    cost_usd DOUBLE,
    asked_at TIMESTAMP NOT NULL
);
