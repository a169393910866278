SELECT count(*) FROM fame.models WHERE model_version = $model_version;
