-- Add an answered call of another ledger, or its answer to a call that has none here.
MERGE INTO fame.llm_calls
USING (SELECT $request_hash AS request_hash) AS given
    ON llm_calls.request_hash = given.request_hash
WHEN MATCHED AND llm_calls.response IS NULL THEN UPDATE SET
    response = $response,
    tokens_in = $tokens_in,
    tokens_out = $tokens_out,
    cost_usd = $cost_usd,
    resolved_model = $resolved_model,
    finish_reason = $finish_reason,
    tokens_estimated = $tokens_estimated,
    answered_at = $answered_at::TIMESTAMP,
    error = NULL
WHEN NOT MATCHED THEN INSERT (
    request_hash, stage, prompt_version, model, request, response, tokens_in, tokens_out,
    cost_usd, resolved_model, finish_reason, tokens_estimated, sends, created_at, answered_at
)
VALUES (
    given.request_hash, $stage, $prompt_version, $model, $request, $response, $tokens_in,
    $tokens_out, $cost_usd, $resolved_model, $finish_reason, $tokens_estimated, 0,
    $answered_at::TIMESTAMP, $answered_at::TIMESTAMP
);
