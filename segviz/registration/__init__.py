"""How two scans of one patient lie on each other."""
