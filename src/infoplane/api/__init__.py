"""What notebooks use: `infoplane.measure`, `infoplane.plane` and `infoplane.runs` (docs/python.md)."""
