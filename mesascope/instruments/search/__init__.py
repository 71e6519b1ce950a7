"""The tests of search inside: edits of goal and walls in a subject's state, with their control arms."""
