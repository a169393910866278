INSERT INTO fame.model_files BY NAME SELECT * FROM new_files;
