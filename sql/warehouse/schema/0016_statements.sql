-- Since fame-sql 0.1.0.
-- Who asked the server for what, and what was refused.
CREATE TABLE fame.statements (
    asked_at TIMESTAMP NOT NULL,
    who VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    way VARCHAR NOT NULL,
    statement VARCHAR NOT NULL,
    refusal VARCHAR
);
