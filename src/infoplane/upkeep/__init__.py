"""Upkeep of results/: what is there, what may go, what is still to come and how long that takes."""
