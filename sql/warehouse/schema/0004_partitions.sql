-- Since fame-sql 0.1.0.
-- Lines that lie in Parquet files by day, below one place outside the warehouse's own file. One
-- row is one file written there; source_path is what it was made from, 'fame.logs' for lines that
-- were moved out.
CREATE TABLE fame.partitions (
    partition_id INTEGER PRIMARY KEY,
    day DATE NOT NULL,
    path VARCHAR NOT NULL,  -- below the place
    source_path VARCHAR NOT NULL,
    source_rows BIGINT,
    source_bytes BIGINT,
    lines BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('stored', 'expired')),
    written_at TIMESTAMP NOT NULL
);

-- Lines that are not in fame.logs, because they lie in partitions or were dropped: how many of
-- each event, by day and service, so that every verdict on them can still be counted.
CREATE TABLE fame.past_lines (
    day DATE NOT NULL,
    service_name VARCHAR,
    event_id INTEGER,
    lines BIGINT NOT NULL,
    first_time TIMESTAMP NOT NULL,
    last_time TIMESTAMP NOT NULL,
    last_log_id BIGINT NOT NULL  -- a line's number is never given twice
);
