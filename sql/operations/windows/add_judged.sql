INSERT INTO fame.window_alarms BY NAME
SELECT
    $detector AS detector,
    $minutes AS minutes,
    * ,
    $detected_at AS detected_at
FROM judged_windows;
