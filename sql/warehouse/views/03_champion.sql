CREATE OR REPLACE VIEW fame.champion AS
SELECT * FROM fame.models WHERE stage = 'champion';
