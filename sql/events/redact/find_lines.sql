-- The lines with a match of the pattern in what is text of theirs.
CREATE OR REPLACE TEMP TABLE redacted_lines AS
SELECT log_id
FROM fame.logs
WHERE
    regexp_matches(coalesce(body, ''), $pattern)
    OR regexp_matches(coalesce(attributes::VARCHAR, ''), $pattern)
    OR regexp_matches(coalesce(resource_attributes::VARCHAR, ''), $pattern)
    OR regexp_matches(coalesce(parse_error, ''), $pattern);
