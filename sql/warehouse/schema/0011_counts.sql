-- Since fame-sql 0.1.0.
-- Lines of a template and service in half a minute, and what differs from the past in them. A
-- template that nothing has mined is the event's provisional template.
CREATE TABLE fame.line_counts (
    service_name VARCHAR NOT NULL,
    template_id VARCHAR NOT NULL,
    bucket TIMESTAMP NOT NULL,
    lines BIGINT NOT NULL
);

-- The same of the whole system, with the times that say where it was silent.
CREATE TABLE fame.count_buckets (
    bucket TIMESTAMP NOT NULL,
    first_time TIMESTAMP NOT NULL,
    last_time TIMESTAMP NOT NULL,
    lines BIGINT NOT NULL
);

-- The template under which the lines of an event are counted; matched_id is that of fame.events.
CREATE TABLE fame.counted_events (
    event_id INTEGER NOT NULL,
    matched_id VARCHAR,
    template_id VARCHAR NOT NULL
);

-- Gaps between a line and the next one of its trace: width is a step of a logarithmic scale.
CREATE TABLE fame.gap_counts (
    service_name VARCHAR NOT NULL,
    template_id VARCHAR NOT NULL,
    next_template_id VARCHAR NOT NULL,
    bucket TIMESTAMP NOT NULL,
    width UTINYINT NOT NULL,
    gaps BIGINT NOT NULL
);

-- What is significant, by service, template and window.
CREATE TABLE fame.found_counts (
    service_name VARCHAR NOT NULL,
    template_id VARCHAR NOT NULL,
    template VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    window_start TIMESTAMP NOT NULL,
    window_end TIMESTAMP NOT NULL,
    lines BIGINT NOT NULL,
    expected DOUBLE NOT NULL,
    service_lines BIGINT NOT NULL,
    sessions INTEGER NOT NULL,
    dispersion DOUBLE NOT NULL,
    g DOUBLE NOT NULL,
    p_value DOUBLE NOT NULL,
    p_adjusted DOUBLE NOT NULL,
    found_at TIMESTAMP NOT NULL
);

-- Half minutes with counts that have changed, whose windows are to be tested.
CREATE TABLE fame.untested_counts (bucket TIMESTAMP NOT NULL);
