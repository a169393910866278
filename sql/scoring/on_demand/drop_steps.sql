DROP TABLE IF EXISTS temp.__fame_wanted;
DROP TABLE IF EXISTS temp.__fame_keys;
DROP TABLE IF EXISTS temp.__fame_known;
DROP TABLE IF EXISTS temp.__fame_unscored;
DROP TABLE IF EXISTS temp.__fame_pending;
