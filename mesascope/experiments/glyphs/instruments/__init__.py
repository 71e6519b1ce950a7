"""What is measured of a classifier."""
