-- Add an answered call of another ledger, or its answer to a call that has none here.
INSERT INTO fame.llm_calls (
    request_hash, stage, prompt_version, model, request, response, tokens_in, tokens_out,
    cost_usd, resolved_model, finish_reason, tokens_estimated, sends, created_at, answered_at
)
SELECT
    $request_hash, $stage, $prompt_version, $model, $request, $response, $tokens_in, $tokens_out,
    $cost_usd, $resolved_model, $finish_reason, $tokens_estimated, 0,
    $answered_at::TIMESTAMP, $answered_at::TIMESTAMP
WHERE NOT EXISTS (
    SELECT 1 FROM fame.llm_calls WHERE request_hash = $request_hash AND response IS NOT NULL
)
ON CONFLICT (request_hash) DO UPDATE SET
    response = excluded.response,
    tokens_in = excluded.tokens_in,
    tokens_out = excluded.tokens_out,
    cost_usd = excluded.cost_usd,
    resolved_model = excluded.resolved_model,
    finish_reason = excluded.finish_reason,
    tokens_estimated = excluded.tokens_estimated,
    answered_at = excluded.answered_at,
    error = NULL
RETURNING 1;
