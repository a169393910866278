UPDATE fame.second_opinions
SET
    opinion_type = regexp_replace(opinion_type, $pattern, $replacement, 'g'),
    summary = regexp_replace(summary, $pattern, $replacement, 'g'),
    disproof = regexp_replace(disproof, $pattern, $replacement, 'g'),
    proposal = regexp_replace(proposal, $pattern, $replacement, 'g')
WHERE regexp_matches(concat_ws(' ', opinion_type, summary, disproof, proposal), $pattern);
