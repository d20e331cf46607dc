"""What each step of a plan does: one module for each, named as the step."""
