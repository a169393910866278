-- Remove the former rows of what has changed: messages.
DELETE FROM fame.alert_deliveries WHERE delivery_id IN (SELECT delivery_id FROM changed);
