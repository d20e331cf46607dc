"""Who may be in charge, and who was since when: values only."""
