-- The moment that clocks without a year lie before, or at most a day after. A macro, since not every
-- format asks for it: a parameter that a statement does not name is an error.
CREATE OR REPLACE TEMP MACRO ingest_latest() AS TIMESTAMP '$latest';
