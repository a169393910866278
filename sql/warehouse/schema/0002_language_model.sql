-- Since fame-sql 0.1.0.
-- What a bill and an audit of the one-time pass need beside the request and its answer.
ALTER TABLE fame.llm_calls ADD COLUMN resolved_model VARCHAR;
ALTER TABLE fame.llm_calls ADD COLUMN finish_reason VARCHAR;
ALTER TABLE fame.llm_calls ADD COLUMN tokens_estimated BOOLEAN;
ALTER TABLE fame.llm_calls ADD COLUMN sends INTEGER;
ALTER TABLE fame.llm_calls ADD COLUMN seconds DOUBLE;
ALTER TABLE fame.llm_calls ADD COLUMN redactions JSON;
ALTER TABLE fame.llm_calls ADD COLUMN answered_at TIMESTAMP;
