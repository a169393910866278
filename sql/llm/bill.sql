-- Cost by stage and model. A call without an answer may have been billed too.
SELECT
    stage,
    model,
    count(*) AS calls,
    count(response) AS answered,
    count(*) FILTER (WHERE response IS NULL AND sends > 0) AS without_answer,
    coalesce(sum(greatest(sends - 1, 0)), 0)::BIGINT AS sent_again,
    coalesce(sum(tokens_in), 0)::BIGINT AS tokens_in,
    coalesce(sum(tokens_out), 0)::BIGINT AS tokens_out,
    coalesce(bool_or(tokens_estimated), FALSE) AS estimated,
    count(*) FILTER (WHERE response IS NOT NULL AND cost_usd IS NULL) AS unpriced,
    sum(cost_usd) AS cost_usd,
    coalesce(sum(lost_usd), 0) AS lost_usd
FROM fame.llm_calls
GROUP BY stage, model
ORDER BY min(created_at), stage, model;
