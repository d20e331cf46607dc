"""Linear models: solved from sums of products, never from rows."""
