-- Since fame-sql 0.1.0.
-- By which masks the text of a request was redacted; unknown before.
ALTER TABLE fame.llm_calls ADD COLUMN mask_version VARCHAR;
