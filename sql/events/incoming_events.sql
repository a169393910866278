CREATE OR REPLACE TEMP TABLE incoming_events AS
SELECT
    bodies.event_hash,
    any_value(bodies.canonical) AS canonical,
    arg_min(incoming.body, incoming.line_number) AS example,
    min(incoming.line_number) AS first_line,
    min(incoming.timestamp) AS first_seen,
    max(incoming.timestamp) AS last_seen,
    count(*) AS lines
FROM incoming
INNER JOIN incoming_bodies AS bodies ON incoming.body = bodies.body
GROUP BY bodies.event_hash;
