UPDATE fame.audits SET evidence = regexp_replace(evidence, $pattern, $replacement, 'g')
WHERE regexp_matches(coalesce(evidence, ''), $pattern);
