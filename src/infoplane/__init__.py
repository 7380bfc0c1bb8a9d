"""infoplane: opens the black box of deep networks with mutual information."""
