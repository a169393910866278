DELETE FROM fame.model_files WHERE model_version = ?;
