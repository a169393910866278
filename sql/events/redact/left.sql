-- What still holds a match: canonical texts, templates, and requests to a language model.
SELECT
    (SELECT count(*) FROM fame.events WHERE regexp_matches(canonical, $pattern)) AS events,
    (SELECT count(*) FROM fame.templates WHERE regexp_matches(template, $pattern)) AS templates,
    (
        SELECT count(*) FROM fame.llm_calls
        WHERE regexp_matches(concat(request::VARCHAR, response::VARCHAR), $pattern)
    ) AS llm_calls,
    (
        SELECT coalesce(sum(lines), 0)::BIGINT FROM fame.partitions WHERE state = 'stored'
    ) AS partition_lines;
