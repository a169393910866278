INSERT INTO fame.statements BY NAME SELECT * FROM asked;
