"""What the data must be like, and the verdict on whether they are."""
