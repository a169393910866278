"""The options that several commands share, one file for each group of them."""
