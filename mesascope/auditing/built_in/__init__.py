"""Built-in instruments as an audit runs them: when each applies, what it reads, and which fields of the document it fills."""
