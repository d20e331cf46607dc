"""What commands found out, as text for people and as JSON for programs."""
