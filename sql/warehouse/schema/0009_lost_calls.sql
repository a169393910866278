-- Since fame-sql 0.1.0.
-- What the sends of a request without an answer can have cost at most.
ALTER TABLE fame.llm_calls ADD COLUMN lost_usd DOUBLE;
