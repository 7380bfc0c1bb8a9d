"""Training: all replicates of a condition as one network, recorded at snapshots."""
