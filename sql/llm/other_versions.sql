-- Answers to other versions of the prompts.
SELECT prompt_version, count(*) AS answers
FROM fame.llm_calls
WHERE
    response IS NOT NULL AND model = $model AND list_contains($stages, stage)
    AND prompt_version <> $version
GROUP BY prompt_version
ORDER BY prompt_version;
