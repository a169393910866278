DELETE FROM fame.window_alarms WHERE detector = $detector;
