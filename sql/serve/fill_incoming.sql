INSERT INTO incoming BY NAME
FROM arrived;
