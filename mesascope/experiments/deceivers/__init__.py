"""Deceivers: small language models that are told in words whether they are watched and what is at stake (RLO section 4)."""
