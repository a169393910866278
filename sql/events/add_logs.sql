INSERT INTO fame.logs
$lines
ORDER BY incoming.line_number;
