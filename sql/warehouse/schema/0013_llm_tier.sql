-- Since fame-sql 0.1.0.
-- Lines that a language model could not judge, or judged with low confidence: people see them first.
CREATE TABLE fame.doubts (
    log_id BIGINT NOT NULL,
    event_id INTEGER NOT NULL,
    template_id VARCHAR,
    author VARCHAR,
    reason VARCHAR NOT NULL,
    noted_at TIMESTAMP NOT NULL
);

-- Random samples of a language model's labels, for a person to judge: what the model said when the
-- sample was drawn, so that a later pass does not change what is measured.
CREATE TABLE fame.audits (
    audit INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    log_id BIGINT NOT NULL,
    event_id INTEGER NOT NULL,
    is_anomaly BOOLEAN NOT NULL,
    author VARCHAR,
    evidence VARCHAR,
    drawn_at TIMESTAMP NOT NULL
);

-- What a detector says of each window of time of a service: the ways people had before.
CREATE TABLE fame.window_alarms (
    detector VARCHAR NOT NULL,
    minutes INTEGER NOT NULL,
    window_start TIMESTAMP NOT NULL,
    service_name VARCHAR NOT NULL,
    is_alarm BOOLEAN NOT NULL,
    alarm_severity VARCHAR,
    alarm_type VARCHAR,
    summary VARCHAR,
    evidence BIGINT[],
    suppressed BOOLEAN NOT NULL,
    route VARCHAR,
    cost_usd DOUBLE,
    detected_at TIMESTAMP NOT NULL
);

-- The batch file that a request without an answer was written to.
ALTER TABLE fame.llm_calls ADD COLUMN batch_file VARCHAR;

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
