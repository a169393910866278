UPDATE fame.llm_calls SET batch_file = NULL, lost_usd = 0
WHERE list_contains($hashes, request_hash);
