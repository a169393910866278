-- How the channels are doing.
SELECT channel, delivered, failures, failing_since, next_try, is_broken, reason
FROM fame.alert_channels;
