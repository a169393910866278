-- What was asked, with which permission, and what was answered, the newest first.
SELECT
    asked_at,
    incident_id,
    revision,
    model,
    permission,
    opinion_severity IS NOT NULL AS answered,
    request_hash,
    cost_usd
FROM fame.second_opinions
ORDER BY asked_at DESC, incident_id;
