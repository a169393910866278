MERGE INTO fame.llm_calls
USING (SELECT $request_hash AS request_hash) AS given
    ON llm_calls.request_hash = given.request_hash
WHEN NOT MATCHED THEN INSERT
    (
        request_hash, stage, prompt_version, mask_version, model, request, redactions, sends,
        created_at
    )
VALUES (
    given.request_hash, $stage, $prompt_version, $mask_version, $model, $request, $redactions, 0,
    $created_at
);
