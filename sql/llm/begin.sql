INSERT INTO fame.llm_calls
    (
        request_hash, stage, prompt_version, mask_version, model, request, redactions, sends,
        created_at
    )
VALUES (
    $request_hash, $stage, $prompt_version, $mask_version, $model, $request, $redactions, 0,
    $created_at
)
ON CONFLICT DO NOTHING;
