"""A run as one HTML page that needs nothing else, and the same as JSON."""
