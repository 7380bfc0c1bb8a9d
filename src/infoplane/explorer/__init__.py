"""The explorer: one page on which every network's path through the plane can be followed by hand."""
