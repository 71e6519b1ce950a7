"""One world, one architecture, one organism, one instrument: a plug-in for Mesascope."""
