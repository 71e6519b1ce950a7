"""Ground-truth agents: their insides, and whether they search, are known because they were built here."""
