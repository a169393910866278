DELETE FROM fame.received_requests
WHERE received_at < greatest(
    $after,
    (SELECT min(received_at) FROM (
        SELECT received_at FROM fame.received_requests ORDER BY received_at DESC LIMIT $most
    ))
);
