UPDATE fame.window_alarms
SET
    alarm_type = regexp_replace(alarm_type, $pattern, $replacement, 'g'),
    summary = regexp_replace(summary, $pattern, $replacement, 'g')
WHERE regexp_matches(concat_ws(' ', alarm_type, summary), $pattern);
