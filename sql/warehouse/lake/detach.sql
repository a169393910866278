-- Close a lake while its connection stays: it needs another database to be in.
ATTACH ':memory:' AS __fame_nothing;
USE __fame_nothing;
DETACH $lake;
