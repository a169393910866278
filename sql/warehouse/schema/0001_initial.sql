-- Since fame-sql 0.1.0.
-- The tables of a warehouse. OpenTelemetry's log model in snake_case, with provenance.
CREATE TABLE fame.settings (
    key VARCHAR PRIMARY KEY,
    value VARCHAR NOT NULL
);

-- One row is one load of one source, in one or more committed chunks. The fingerprint is the
-- SHA-256 of the source's bytes [0, byte_end), so that a source is known again under any name.
CREATE TABLE fame.ingests (
    ingest_id INTEGER PRIMARY KEY,
    source_path VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    encoding VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    byte_start BIGINT NOT NULL,
    byte_end BIGINT NOT NULL,
    tail_offset BIGINT,  -- where an unterminated last line begins, to be read again if it grows
    line_end BIGINT NOT NULL,  -- lines of the source read so far
    rows BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('partial', 'complete')),
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP
);

CREATE TABLE fame.logs (
    log_id BIGINT NOT NULL,
    timestamp TIMESTAMP,
    observed_timestamp TIMESTAMP NOT NULL,
    severity_text VARCHAR,
    severity_number UTINYINT,
    service_name VARCHAR,
    host_name VARCHAR,
    body VARCHAR,
    event_id INTEGER,
    trace_id VARCHAR,
    span_id VARCHAR,
    resource_attributes JSON,
    attributes JSON,
    source_path VARCHAR NOT NULL,
    line_number BIGINT NOT NULL,
    byte_offset BIGINT NOT NULL,
    line_count INTEGER NOT NULL,
    ingest_id INTEGER NOT NULL,
    parser VARCHAR NOT NULL,
    parse_error VARCHAR,
    label VARCHAR  -- only where the source carries one: '-' is normal, else the alert category
);

-- The dimension of logs: one row is one canonical text.
CREATE TABLE fame.events (
    event_id INTEGER NOT NULL,
    event_hash VARCHAR NOT NULL,  -- md5 of the canonical text: the same on every engine
    canonical VARCHAR NOT NULL,
    example VARCHAR NOT NULL,
    template_id VARCHAR,  -- NULL: no template knows it yet
    first_log_id BIGINT NOT NULL,
    first_seen TIMESTAMP,
    last_seen TIMESTAMP,
    lines BIGINT NOT NULL
);

CREATE TABLE fame.masks (
    ordinal INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    pattern VARCHAR NOT NULL,
    placeholder VARCHAR NOT NULL
);

-- Templates, frozen once mined: match_order is the order in which they are tried.
CREATE TABLE fame.templates (
    template_id VARCHAR PRIMARY KEY,
    template VARCHAR NOT NULL,
    match_order INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    status VARCHAR NOT NULL DEFAULT 'unlabelled'
        CHECK (status IN ('normal', 'anomalous', 'mixed', 'unlabelled')),
    service_name VARCHAR,
    events BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    first_seen TIMESTAMP,
    mined_at TIMESTAMP NOT NULL
);

-- The training period ends with the line (until_time, until_log_id), inclusive; its last part,
-- after (calibrate_time, calibrate_log_id), calibrates. One row: the split in force.
CREATE TABLE fame.splits (
    fraction DOUBLE NOT NULL,
    until_time TIMESTAMP NOT NULL,
    until_log_id BIGINT NOT NULL,
    calibrate_time TIMESTAMP NOT NULL,
    calibrate_log_id BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    made_at TIMESTAMP NOT NULL
);

-- One row is one judgement of one line (log_id) or, without a line, of a whole event.
CREATE TABLE fame.labels (
    log_id BIGINT,
    event_id INTEGER NOT NULL,
    template_id VARCHAR,
    is_anomaly BOOLEAN NOT NULL,
    category VARCHAR,
    source VARCHAR NOT NULL CHECK (source IN ('dataset', 'human', 'llm', 'rule')),
    author VARCHAR,
    evidence VARCHAR,
    labelled_at TIMESTAMP NOT NULL
);

CREATE TABLE fame.domains (
    domain VARCHAR PRIMARY KEY,
    ordinal INTEGER NOT NULL,
    description VARCHAR NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('normal', 'anomalous', 'mixed')),
    source VARCHAR NOT NULL,
    certified BOOLEAN NOT NULL
);

CREATE TABLE fame.domain_templates (
    domain VARCHAR NOT NULL,
    template_id VARCHAR PRIMARY KEY
);

-- What the certification of the partition in force found and did.
CREATE TABLE fame.certificates (
    ordinal INTEGER NOT NULL,
    rule VARCHAR NOT NULL,
    domain VARCHAR,
    passed BOOLEAN NOT NULL,
    detail VARCHAR NOT NULL,
    action VARCHAR
);

CREATE TABLE fame.llm_calls (
    request_hash VARCHAR PRIMARY KEY,
    stage VARCHAR NOT NULL,
    prompt_version VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    request JSON NOT NULL,
    response JSON,
    tokens_in BIGINT,
    tokens_out BIGINT,
    cost_usd DOUBLE,
    error VARCHAR,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE fame.models (
    model_version VARCHAR PRIMARY KEY,
    path VARCHAR NOT NULL,  -- relative to the warehouse's folder where it lies below it
    manifest_hash VARCHAR NOT NULL,
    recipe_version VARCHAR NOT NULL,
    metrics JSON NOT NULL,
    stage VARCHAR NOT NULL CHECK (stage IN ('candidate', 'champion', 'archived')),
    created_at TIMESTAMP NOT NULL,
    promoted_at TIMESTAMP
);

CREATE TABLE fame.scores (
    model_version VARCHAR NOT NULL,
    event_id INTEGER NOT NULL,
    score DOUBLE NOT NULL,
    domain VARCHAR NOT NULL,
    domain_confidence DOUBLE NOT NULL,
    novelty DOUBLE NOT NULL,
    template_id VARCHAR,
    known_template BOOLEAN NOT NULL,
    threshold DOUBLE NOT NULL,
    scored_at TIMESTAMP NOT NULL
);
