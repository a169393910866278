-- Since fame-sql 0.1.0.
-- Alerts. The settings as they were set, the newest in force.
CREATE TABLE fame.alert_settings (
    settings VARCHAR NOT NULL,
    author VARCHAR,
    set_at TIMESTAMP NOT NULL
);

-- Who wants to hear nothing of some incidents for a time, and why.
CREATE TABLE fame.alert_silences (
    silence_id VARCHAR NOT NULL,
    match VARCHAR NOT NULL,
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    author VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Incidents as the alerts know them: as they are, and which time they are open.
CREATE TABLE fame.alert_incidents (
    incident_id VARCHAR NOT NULL,
    phase INTEGER NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    worst VARCHAR NOT NULL,
    worsened_at TIMESTAMP,
    corrected_at TIMESTAMP,
    incident VARCHAR NOT NULL  -- JSON
);

-- What each channel was told of each incident.
CREATE TABLE fame.alert_told (
    channel VARCHAR NOT NULL,
    incident_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    phase INTEGER NOT NULL,
    what VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    told_at TIMESTAMP,
    ended_at TIMESTAMP,
    lines BIGINT NOT NULL,
    mark VARCHAR NOT NULL,
    refused VARCHAR NOT NULL,
    refused_phase INTEGER NOT NULL,
    owed VARCHAR NOT NULL
);

-- The outbox: messages, and what became of them.
CREATE TABLE fame.alert_deliveries (
    delivery_id VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    items VARCHAR NOT NULL,  -- JSON
    title VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    next_try TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL
    CHECK (state IN ('pending', 'delivered', 'refused', 'overtaken', 'unknown')),
    attempts INTEGER NOT NULL,
    unknowns INTEGER NOT NULL,
    finished_at TIMESTAMP,
    reason VARCHAR NOT NULL,
    degraded VARCHAR NOT NULL,
    memo VARCHAR NOT NULL  -- JSON
);

-- What was held back, and why. What is held back now has no released_at.
CREATE TABLE fame.alert_holds (
    channel VARCHAR NOT NULL,
    incident_id VARCHAR NOT NULL,
    phase INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    held_by VARCHAR NOT NULL,
    why VARCHAR NOT NULL,
    since TIMESTAMP NOT NULL,
    until TIMESTAMP,
    released_at TIMESTAMP
);

-- How each channel is doing.
CREATE TABLE fame.alert_channels (
    channel VARCHAR NOT NULL,
    delivered BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failing_since TIMESTAMP,
    next_try TIMESTAMP,
    is_broken BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL
);
