DELETE FROM fame.logs WHERE $condition;
