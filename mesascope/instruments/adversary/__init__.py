"""Search for the legal level on which a subject does worst by the intended goal."""
