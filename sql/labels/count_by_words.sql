-- Labels of a rule whose lines have no severity; see add_from_rule.
SELECT count(*) FROM fame.labels WHERE source = 'rule' AND evidence NOT LIKE 'severity %';
