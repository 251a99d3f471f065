"""What Prometheus reads: how much is asked, what fails, and how far the live feed is behind."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
"""A registry of our own: the default one adds figures that the platform already has."""

OPERATION_SECONDS = Histogram(
    "countenance_operation_seconds", "Time to answer a query or a mutation.", ["kind"], registry=REGISTRY
)
REQUESTS = Counter("countenance_http_requests_total", "GraphQL requests by status.", ["status"], registry=REGISTRY)
ERRORS = Counter("countenance_errors_total", "Errors in answers by code.", ["code"], registry=REGISTRY)
SOCKETS = Gauge("countenance_sockets", "Open WebSockets.", registry=REGISTRY)
STREAMS = Gauge("countenance_streams", "Open server-sent event streams.", registry=REGISTRY)
SUBSCRIPTIONS = Gauge("countenance_subscriptions", "Running subscriptions.", registry=REGISTRY)
ROOMS = Gauge("countenance_rooms", "Subscription streams that are executed; subscribers share them.", registry=REGISTRY)
DELIVERIES = Counter("countenance_deliveries_total", "Live events sent to subscribers.", registry=REGISTRY)
FEED_LAG_SECONDS = Histogram(
    "countenance_feed_lag_seconds",
    "From the deed to the live event.",
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
REDIALS = Counter("countenance_feed_redials_total", "Times that a dead nudge listener was replaced.", registry=REGISTRY)
RELAYED = Counter("countenance_facts_relayed_total", "Facts that this process numbered.", registry=REGISTRY)
REACTION_FAILURES = Counter(
    "countenance_reaction_failures_total", "Reactions that failed, by fact.", ["kind"], registry=REGISTRY
)
PARKED = Counter(
    "countenance_reactions_parked_total", "Facts whose reactions were given up, by fact.", ["kind"], registry=REGISTRY
)
UNRELAYED = Gauge("countenance_facts_unrelayed", "Committed facts without a number.", registry=REGISTRY)
UNRELAYED_SECONDS = Gauge("countenance_facts_unrelayed_seconds", "Age of the oldest of them.", registry=REGISTRY)
UNREACTED = Gauge("countenance_facts_unreacted", "Numbered facts whose reactions are due.", registry=REGISTRY)
PARKED_NOW = Gauge("countenance_facts_parked", "Facts whose reactions were given up.", registry=REGISTRY)
STOPPED = Gauge(
    "countenance_bounties_stopped", "Bounties whose payouts are stopped: their books disagree.", registry=REGISTRY
)
QUEUED = Gauge("countenance_queued", "What waits or runs, by queue and state.", ["queue", "state"], registry=REGISTRY)


def exposition() -> bytes:
    """Write every figure in Prometheus' text format."""
    return generate_latest(REGISTRY)
