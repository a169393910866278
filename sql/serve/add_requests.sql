INSERT INTO fame.received_requests
SELECT
    request_id,
    content_hash,
    records,
    errors,
    $received_at
FROM given;
