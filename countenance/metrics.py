"""What Prometheus reads: how much is asked, what fails, and how far the live feed is behind.

Each process tells what it alone does, `serve` the figures of the API and `work` those of the relay: a counter that
could only stand at zero is not shown. Both tell what lies in the database.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

API = CollectorRegistry()
"""What API processes do. A registry of our own: the default one adds figures that the platform already has."""
WORK = CollectorRegistry()
"""What worker processes do."""
SHARED = CollectorRegistry()
"""What lies in the database; whoever is asked reads it there."""

OPERATION_SECONDS = Histogram(
    "countenance_operation_seconds", "Time to answer a query or a mutation.", ["kind"], registry=API
)
REQUESTS = Counter("countenance_http_requests_total", "GraphQL requests by status.", ["status"], registry=API)
ERRORS = Counter("countenance_errors_total", "Errors and refusals in answers, by code.", ["code"], registry=API)
SOCKETS = Gauge("countenance_sockets", "Open WebSockets.", registry=API)
STREAMS = Gauge("countenance_streams", "Open server-sent event streams.", registry=API)
SUBSCRIPTIONS = Gauge("countenance_subscriptions", "Running subscriptions.", registry=API)
ROOMS = Gauge("countenance_rooms", "Subscription streams that are executed; subscribers share them.", registry=API)
DELIVERIES = Counter("countenance_deliveries_total", "Live events sent to subscribers.", registry=API)
FEED_LAG_SECONDS = Histogram(
    "countenance_feed_lag_seconds",
    "From the deed to the live event.",
    registry=API,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
REDIALS = Counter("countenance_feed_redials_total", "Times that a dead nudge listener was replaced.", registry=API)
CLOSED = Gauge(
    "countenance_gate_closed", "1 for what did not serve when this was read, by gate.", ["gate"], registry=API
)
RELAYED = Counter("countenance_facts_relayed_total", "Facts that this process numbered.", registry=WORK)
REACTION_FAILURES = Counter(
    "countenance_reaction_failures_total", "Reactions that failed, by fact.", ["kind"], registry=WORK
)
PARKED = Counter(
    "countenance_reactions_parked_total", "Facts whose reactions were given up, by fact.", ["kind"], registry=WORK
)
UNRELAYED = Gauge("countenance_facts_unrelayed", "Committed facts without a number.", registry=SHARED)
UNRELAYED_SECONDS = Gauge("countenance_facts_unrelayed_seconds", "Age of the oldest of them.", registry=SHARED)
UNREACTED = Gauge("countenance_facts_unreacted", "Numbered facts whose reactions are due.", registry=SHARED)
PARKED_NOW = Gauge("countenance_facts_parked", "Facts whose reactions were given up.", registry=SHARED)
STOPPED = Gauge(
    "countenance_bounties_stopped", "Bounties whose payouts are stopped: their books disagree.", registry=SHARED
)
OPEN_CLAIMS = Gauge("countenance_claims_open", "Claims that wait for a decision.", registry=SHARED)
OVERDUE_CLAIMS = Gauge("countenance_claims_overdue", "Of these, the ones whose 48 hours are over.", registry=SHARED)
QUEUED = Gauge("countenance_queued", "What waits or runs, by queue and state.", ["queue", "state"], registry=SHARED)


def refused(code: str) -> None:
    """Count a refusal that is told as data."""
    ERRORS.labels(code).inc()


def exposition(own: CollectorRegistry) -> bytes:
    """Write a process's own figures and the shared ones in Prometheus' text format."""
    return generate_latest(own) + generate_latest(SHARED)
