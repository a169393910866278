-- Two transactions that update the same row cannot both be committed.
UPDATE fame.turns SET taken = taken + 1;
