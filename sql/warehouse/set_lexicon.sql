MERGE INTO fame.lexicon
USING new_lexicon
    ON lexicon.phrase = new_lexicon.phrase
WHEN MATCHED THEN UPDATE SET polarity = new_lexicon.polarity
WHEN NOT MATCHED THEN INSERT VALUES (new_lexicon.phrase, new_lexicon.polarity);
