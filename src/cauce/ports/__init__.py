"""The Protocols between decisions and the world."""
