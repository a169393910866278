-- The newest call of the ledger: what 'fame llm check' shows.
SELECT resolved_model, tokens_in, tokens_out, tokens_estimated, cost_usd, seconds, sends
FROM fame.llm_calls
ORDER BY created_at DESC
LIMIT 1;
