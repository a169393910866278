-- The labelled or answered templates that share the most words with a template (Jaccard).
WITH
known AS (
    SELECT template, status AS label FROM fame.templates WHERE status <> 'unlabelled'
    UNION
    SELECT template, label FROM fame.answers_in_force
),
worded AS (
    SELECT
        template,
        label,
        list_distinct(regexp_extract_all(lower(template), '\pL{2,}')) AS words,
        list_distinct(regexp_extract_all(lower($template), '\pL{2,}')) AS wanted
    FROM known
)
SELECT
    template,
    label,
    len(list_intersect(words, wanted))
    / greatest(1, len(list_distinct(list_concat(words, wanted)))) AS similarity
FROM worded
WHERE len(list_intersect(words, wanted)) > 0 AND template <> $template
ORDER BY similarity DESC, template, label
LIMIT $at_most;
