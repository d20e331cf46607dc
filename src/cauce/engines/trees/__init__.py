"""Trees of XGBoost from rows that are ready, whichever engine read them."""
