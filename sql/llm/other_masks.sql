-- Answers to requests whose text other masks have redacted, and which are not asked now.
SELECT count(*) AS answers
FROM fame.llm_calls
WHERE
    response IS NOT NULL AND model = $model AND list_contains($stages, stage)
    AND prompt_version = $version AND mask_version IS DISTINCT FROM $masks
    AND NOT list_contains($hashes, request_hash);
