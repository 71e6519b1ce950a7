"""Jobs: specs with a hash, stores of their results, and the one runner for train, audit, study, tune and calibrate."""
