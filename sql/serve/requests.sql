SELECT
    request_id,
    content_hash,
    records,
    errors
FROM (
    FROM fame.received_requests
    WHERE received_at > $after
    ORDER BY received_at DESC
    LIMIT $most
)
ORDER BY received_at;
