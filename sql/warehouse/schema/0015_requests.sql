-- Since fame-sql 0.1.0.
-- Requests whose records are stored, so that one that is sent again is recognised.
CREATE TABLE fame.received_requests (
    request_id VARCHAR NOT NULL,  -- a hash: of the bytes, or of the key that the sender gave
    content_hash VARCHAR NOT NULL,
    records BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    received_at TIMESTAMP NOT NULL
);
