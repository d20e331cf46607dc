"""The leak gate: columns that know the target, and rows that know each other."""
