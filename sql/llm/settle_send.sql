-- A send that was answered, or refused, is no longer one that may have been lost.
UPDATE fame.llm_calls SET lost_usd = greatest(0, coalesce(lost_usd, 0) - $at_risk)
WHERE request_hash = $hash;
