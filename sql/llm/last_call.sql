-- The newest request to the language model, and what it cost.
SELECT
    resolved_model,
    tokens_in,
    tokens_out,
    tokens_estimated,
    cost_usd,
    seconds,
    sends
FROM fame.llm_calls
ORDER BY created_at DESC
LIMIT 1;
