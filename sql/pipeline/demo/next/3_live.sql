SELECT body, fame_score(body) AS score, fame_explain(body).words AS why
FROM logs
WHERE fame_score(body) > 0.5
LIMIT 3
