"""The tests of search inside: edits of goal and model in a subject's state, with their control arms."""
