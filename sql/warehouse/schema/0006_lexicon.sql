-- Since fame-sql 0.1.0.
-- Words and phrases that speak of failures (1 to 3) or of the contrary (-2), filled from
-- fame_sql/warehouse/lexicon.csv. One that begins with '/' is a path that scanners ask web servers for.
CREATE TABLE fame.lexicon (
    phrase VARCHAR PRIMARY KEY,
    polarity TINYINT NOT NULL CHECK (polarity IN (-2, 1, 2, 3))
);
