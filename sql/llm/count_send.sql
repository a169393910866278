UPDATE fame.llm_calls
SET
    sends = coalesce(sends, 0) + 1,
    lost_usd = coalesce(lost_usd, 0) + $at_risk,
    error = NULL
WHERE request_hash = $hash;
