DROP TABLE changed_lines;
DROP TABLE moved_lines;
DROP TABLE moved_events;
DROP TABLE empty_events;
