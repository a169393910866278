-- The setting is a text such as '12.5 GiB'.
SELECT
    current_setting('memory_limit') AS memory_limit,
    parse_formatted_bytes(current_setting('memory_limit')) > ? AS is_more;
