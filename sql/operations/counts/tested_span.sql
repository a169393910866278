-- The time that has been tested, of windows with a past.
SELECT min(window_start), max(window_end), count(DISTINCT window_end)
FROM count_tests
WHERE sessions >= 3;
