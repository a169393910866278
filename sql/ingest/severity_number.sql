-- The number of a level word, NULL where it is unknown; generated from the list of severities.
CREATE OR REPLACE TEMP MACRO ingest_severity_number(level) AS $number;
