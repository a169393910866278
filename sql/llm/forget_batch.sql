DELETE FROM fame.llm_calls
WHERE batch_file = $batch_file AND response IS NULL;
