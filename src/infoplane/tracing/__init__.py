"""Tracing: from a file back to what made it, and what differs between two of them or from what is there."""
