"""What became of what between two dates."""
