"""How two scans of one patient lie on each other."""

REGISTRATION = "registration"
"""Kind of the records that keep it; their name is the visit that was aligned."""
