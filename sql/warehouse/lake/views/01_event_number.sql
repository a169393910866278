-- The number of an event in a lake: 64 bits of the md5 of its canonical text, which every machine
-- computes alike.
CREATE OR REPLACE MACRO fame.event_number(event_hash) AS
(('0x' || left(event_hash, 16))::UBIGINT::HUGEINT - 9223372036854775808)::BIGINT;
