SELECT coalesce(sum(strlen(message)), 0)::BIGINT FROM temp.__fame_wanted;
