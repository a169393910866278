-- The models and versions of prompts that labels and domains rest on.
SELECT DISTINCT
    CASE WHEN stage = 'label' THEN 'labels' ELSE 'domains' END AS what,
    model,
    prompt_version
FROM fame.llm_calls
WHERE
    response IS NOT NULL
    AND CASE
        WHEN stage = 'label' THEN EXISTS (SELECT 1 FROM fame.labels WHERE source = 'llm')
        ELSE stage IN ('partition', 'merge', 'place') AND $by_model
    END
ORDER BY ALL;
