"""What is measured of a reader: which algorithm it matches, what an edit inside does, what can be read off inside."""
