UPDATE fame.logs
SET
    body = regexp_replace(body, $pattern, $replacement, 'g'),
    attributes = regexp_replace(attributes::VARCHAR, $pattern, $replacement, 'g'),
    resource_attributes = regexp_replace(resource_attributes::VARCHAR, $pattern, $replacement, 'g'),
    parse_error = regexp_replace(parse_error, $pattern, $replacement, 'g')
WHERE log_id IN (SELECT log_id FROM redacted_lines);
