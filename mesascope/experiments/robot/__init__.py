"""A cleaning robot in small rooms: every kind of pseudo-alignment, built, trained and told apart."""
