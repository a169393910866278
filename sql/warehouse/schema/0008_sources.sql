-- Since fame-sql 0.1.0.
-- One identity for each source: its folder and the stem of its name, or the name that it was given.
-- NULL: loaded before sources had one.
ALTER TABLE fame.ingests ADD COLUMN source VARCHAR;
-- SHA-256 of the first 1024 bytes of the source, to find copies.
ALTER TABLE fame.ingests ADD COLUMN head VARCHAR;
-- The number of the line at tail_offset; NULL where source is NULL.
ALTER TABLE fame.ingests ADD COLUMN tail_line BIGINT;
