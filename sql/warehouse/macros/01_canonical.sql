CREATE OR REPLACE MACRO fame.canonical(message) AS $canonical;
