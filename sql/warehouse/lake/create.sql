-- What only a lake has. A stage that changes what it has read counts up its turn, so that of two at
-- once the later commit is refused.
CREATE TABLE IF NOT EXISTS fame.turns (stage VARCHAR NOT NULL, taken BIGINT NOT NULL);

-- The files of the models, for machines that have not trained them.
CREATE TABLE IF NOT EXISTS fame.model_files (
    model_version VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    content BLOB NOT NULL
);

INSERT INTO fame.turns SELECT 'any', 0 WHERE NOT EXISTS (FROM fame.turns);
