"""One engine of edits: a place chosen on one half of the trials, arms scored on the other, one record of a test."""
