"""How much each column moved each prediction: amounts that add up to the model's raw score."""
