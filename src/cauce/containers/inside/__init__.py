"""Programs that run in containers of a stack, each copied there alone: they know nothing of Cauce."""
