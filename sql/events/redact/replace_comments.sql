UPDATE fame.feedback SET comment = regexp_replace(comment, $pattern, $replacement, 'g')
WHERE regexp_matches(coalesce(comment, ''), $pattern);
