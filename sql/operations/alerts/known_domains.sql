-- The domains of the grouping in force.
SELECT DISTINCT domain FROM fame.domains;
