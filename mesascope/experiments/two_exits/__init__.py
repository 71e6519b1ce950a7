"""Two exits: episodes that are watched and may change the agent, then episodes that nobody watches (RLO section 4)."""
