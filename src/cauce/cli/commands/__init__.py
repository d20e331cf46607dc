"""Every command: its options, the call of the function of the same name, and its answer."""
