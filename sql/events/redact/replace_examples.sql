UPDATE fame.events SET example = regexp_replace(example, $pattern, $replacement, 'g')
WHERE regexp_matches(example, $pattern);
