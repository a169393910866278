-- Remove the former rows of what has changed: how channels are doing.
DELETE FROM fame.alert_channels WHERE channel IN (SELECT channel FROM changed);
