UPDATE fame.llm_calls
SET
    response = $response,
    tokens_in = $tokens_in,
    tokens_out = $tokens_out,
    tokens_estimated = $tokens_estimated,
    cost_usd = $cost_usd,
    resolved_model = $resolved_model,
    finish_reason = $finish_reason,
    seconds = $seconds,
    answered_at = $answered_at,
    error = NULL
WHERE request_hash = $hash;
