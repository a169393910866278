SELECT
    count(*),
    bit_xor(hash(template_id, label, source))
FROM fame.answers;
