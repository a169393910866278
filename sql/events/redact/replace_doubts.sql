UPDATE fame.doubts SET reason = regexp_replace(reason, $pattern, $replacement, 'g')
WHERE regexp_matches(coalesce(reason, ''), $pattern);
