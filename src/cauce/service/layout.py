"""What the supervisor and its workers know of each other, without what scores."""

PREDICT, INVOCATIONS, PING, LIVE, AVAILABLE = (
    "/predict",
    "/invocations",
    "/ping",
    "/health/live",
    "/health/ready",
)
EXPLAIN, METRICS, CARD, OPENAPI, DOCS = "/explain", "/metrics", "/", "/openapi.json", "/docs"
PATHS = (PREDICT, INVOCATIONS, EXPLAIN, PING, LIVE, AVAILABLE, METRICS, CARD, OPENAPI, DOCS)
NAMES = (*PATHS, "other")
"""What the counters tell apart."""

READY, FAILED = b"+", b"-"
"""What a worker writes when it answers, or before the reason why it never will."""
