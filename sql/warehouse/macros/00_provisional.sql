-- The provisional template of a canonical text, and its identity: as fame_sql.canonical.provisional
-- computes them.
CREATE OR REPLACE MACRO fame.provisional_template(canonical) AS (
    CASE
        WHEN 2 * (
            length(regexp_replace(canonical, '[^ ]*(?:[0-9#]|<[^<> ]*>)[^ ]*', '<*>', 'g'))
            - length(replace(
                regexp_replace(canonical, '[^ ]*(?:[0-9#]|<[^<> ]*>)[^ ]*', '<*>', 'g'), '<*>', ''
            ))
        ) > 3 * (length(canonical) - length(replace(canonical, ' ', '')) + 1)
            THEN regexp_replace(canonical, '(?:[0-9#]|<[^<> ]*>)+', '<*>', 'g')
        ELSE regexp_replace(canonical, '[^ ]*(?:[0-9#]|<[^<> ]*>)[^ ]*', '<*>', 'g')
    END
);
CREATE OR REPLACE MACRO fame.provisional_id(canonical) AS (
    'new-' || left(md5(fame.provisional_template(canonical)), 16)
);
