"""The explorer: audits and studies in the browser, served on this machine alone, with agents that answer on edited levels."""
