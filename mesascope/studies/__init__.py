"""Studies: grids of trainings over conditions and seeds, each cell measured, and what the seeds of a condition come to."""
