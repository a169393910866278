UPDATE fame.llm_calls SET sends = coalesce(sends, 0) + 1, error = NULL WHERE request_hash = $hash;
