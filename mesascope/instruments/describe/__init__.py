"""Instruments that describe a subject and propose where to look inside it. They decide nothing."""
