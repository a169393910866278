-- What was asked, with which permission, and what was answered, the newest first. An answer is
-- replayed if the ledger had it: the same was asked before, and nothing was paid now.
SELECT
    asked_at,
    incident_id,
    revision,
    model,
    permission,
    opinion_severity IS NOT NULL AS answered,
    cost_usd IS NOT DISTINCT FROM 0
        AND row_number() OVER (PARTITION BY request_hash ORDER BY asked_at) > 1 AS replayed,
    request_hash,
    cost_usd
FROM fame.second_opinions
ORDER BY asked_at DESC, incident_id;
