-- Since fame-sql 0.1.0.
-- Who made which model the champion, when and why.
CREATE TABLE fame.promotions (
    model_version VARCHAR NOT NULL,
    promoted_at TIMESTAMP NOT NULL,
    author VARCHAR,
    reason VARCHAR
);
