"""Results beyond one machine: places to share them at, crates, provenance and signatures that others can read."""
