-- The table of the migrations, the numbered files of warehouse/schema, that a warehouse has.
CREATE SCHEMA IF NOT EXISTS fame;
CREATE TABLE IF NOT EXISTS fame.schema_versions (
    version INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL
);
