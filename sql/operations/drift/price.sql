-- What a call of the language model has cost so far, on average; NULL if none has a price.
SELECT avg(cost_usd) FROM fame.llm_calls WHERE cost_usd IS NOT NULL AND stage <> 'domains';
