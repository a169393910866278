-- Since fame-sql 0.1.0.
-- Incidents: anomalies of a service, of lines and of counts, that belong together. One that became
-- part of another has merged_into.
CREATE TABLE fame.stored_incidents (
    incident_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    service_name VARCHAR NOT NULL,  -- empty where the log names none
    domain VARCHAR,
    template_id VARCHAR NOT NULL,  -- the worst
    anomaly VARCHAR NOT NULL,  -- 'line', or the kind of a count anomaly: of the worst
    severity VARCHAR NOT NULL CHECK (severity IN ('critical', 'error', 'warning', 'info')),
    state VARCHAR NOT NULL CHECK (state IN ('open', 'worsened', 'resolved')),
    first_seen TIMESTAMP NOT NULL,
    last_seen TIMESTAMP NOT NULL,
    lines BIGINT NOT NULL,
    lines_to_read BIGINT NOT NULL,
    counts BIGINT NOT NULL,
    worst_score DOUBLE,
    mean_score DOUBLE,
    told_lines BIGINT NOT NULL,  -- lines at its last change
    revision INTEGER NOT NULL,
    silenced BOOLEAN NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    resolved_at TIMESTAMP,
    merged_into VARCHAR
);

-- The lines of an incident, by event.
CREATE TABLE fame.incident_events (
    incident_id VARCHAR NOT NULL,
    event_id INTEGER NOT NULL,
    template_id VARCHAR NOT NULL,  -- the provisional one if the model knew none
    domain VARCHAR,
    lines BIGINT NOT NULL,
    first_seen TIMESTAMP NOT NULL,
    last_seen TIMESTAMP NOT NULL,
    first_log_id BIGINT NOT NULL,
    severity_number UTINYINT,
    score DOUBLE NOT NULL
);

-- The count anomalies of an incident.
CREATE TABLE fame.incident_counts (
    incident_id VARCHAR NOT NULL,
    service_name VARCHAR NOT NULL,
    template_id VARCHAR NOT NULL,
    template VARCHAR,
    anomaly VARCHAR NOT NULL,
    window_start TIMESTAMP NOT NULL,
    window_end TIMESTAMP NOT NULL,
    lines BIGINT,
    expected DOUBLE,
    g DOUBLE,
    p_value DOUBLE
);

-- One row is a change of an incident: what alerts are made from.
CREATE TABLE fame.incident_changes (
    number BIGINT NOT NULL,
    incident_id VARCHAR NOT NULL,
    transition VARCHAR NOT NULL
    CHECK (transition IN ('opened', 'worsened', 'resolved', 'reopened', 'corrected')),
    changed_at TIMESTAMP NOT NULL,
    fingerprint VARCHAR NOT NULL,
    service_name VARCHAR NOT NULL,
    domain VARCHAR,
    severity VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    first_seen TIMESTAMP NOT NULL,
    last_seen TIMESTAMP NOT NULL,
    lines BIGINT NOT NULL,
    lines_to_read BIGINT NOT NULL,
    counts BIGINT NOT NULL,
    worst_score DOUBLE,
    template_ids VARCHAR[] NOT NULL,
    event_ids INTEGER[] NOT NULL,
    known VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    silenced BOOLEAN NOT NULL
);

-- Events without a verdict when their lines were read for incidents, from first_log_id on.
CREATE TABLE fame.incident_waiting (
    event_id INTEGER NOT NULL,
    first_log_id BIGINT NOT NULL
);

-- What feedback names: a line (log_id), a template, or an incident, of which each template and kind
-- of anomaly has a row.
ALTER TABLE fame.feedback ALTER COLUMN event_id DROP NOT NULL;
ALTER TABLE fame.feedback ALTER COLUMN model_version DROP NOT NULL;
ALTER TABLE fame.feedback ADD COLUMN template_id VARCHAR;
-- NULL: every service
ALTER TABLE fame.feedback ADD COLUMN service_name VARCHAR;
-- NULL: lines and counts
ALTER TABLE fame.feedback ADD COLUMN anomaly VARCHAR;
ALTER TABLE fame.feedback ADD COLUMN incident_id VARCHAR;
-- a worse incident is not silenced
ALTER TABLE fame.feedback ADD COLUMN severity VARCHAR;
ALTER TABLE fame.feedback ADD COLUMN expires_at TIMESTAMP;
ALTER TABLE fame.feedback ADD COLUMN for_ever BOOLEAN DEFAULT false;
ALTER TABLE fame.feedback ADD COLUMN withdrawn_at TIMESTAMP;
ALTER TABLE fame.feedback ADD COLUMN withdrawn_by VARCHAR;
