INSERT INTO fame.logs
$lines
ORDER BY incoming.place;
