-- What is known of a warehouse's lines: their number, a sum over their content, and a hash of a known
-- text, by which another hash function of a later DuckDB is noticed.
SELECT
    count(*)::HUGEINT AS lines,
    coalesce(sum(hash(log_id, body, event_id)), 0)::HUGEINT AS content,
    hash(1::BIGINT, 'fame', 1::INTEGER)::HUGEINT AS probe
FROM fame.logs
WHERE $condition;
