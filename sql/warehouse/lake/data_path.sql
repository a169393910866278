SELECT value FROM ducklake_options($name) WHERE option_name = 'data_path';
