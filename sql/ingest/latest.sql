-- The latest time for timestamps without a year; up to one day after it is accepted. It is a macro
-- because not every format uses it, and an unused parameter of a statement is an error.
CREATE OR REPLACE TEMP MACRO ingest_latest() AS TIMESTAMP '$latest';
