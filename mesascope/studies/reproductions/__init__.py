"""Published results that a study of ours is set beside: what was published, the study, and how the two are compared."""
