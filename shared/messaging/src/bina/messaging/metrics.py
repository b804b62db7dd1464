"""What a service measures of itself, in the Prometheus form. This is the whole list of names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """One registry per runtime, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.messages = Counter(
            "bina_messages", "Messages taken, by what became of them", ["outcome"], registry=self.registry
        )
        self.batch = Histogram(
            "bina_batch_messages",
            "Messages in a batch",
            buckets=(1, 10, 50, 200, 500, 1000, 2000),
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "bina_batch_seconds", "Time from batch to commit", registry=self.registry
        )
        self.effect_seconds = Histogram(
            "bina_effect_seconds",
            "Time from a record's timestamp to its committed effect",
            registry=self.registry,
        )
        self.retries = Counter("bina_transient_retries", "Batches tried again", registry=self.registry)
        self.published = Counter(
            "bina_outbox_published", "Facts acknowledged by the broker", registry=self.registry
        )
        self.reconciled = Counter(
            "bina_state_republished",
            "State keys told anew because the broker had another version",
            ["topic"],
            registry=self.registry,
        )
        self.lag = Gauge("bina_consumer_lag", "Messages not taken yet", ["topic"], registry=self.registry)
        self.outbox_depth = Gauge("bina_outbox_depth", "Facts not published yet", registry=self.registry)
        self.outbox_age = Gauge(
            "bina_outbox_age_seconds", "Age of the oldest of them", registry=self.registry
        )
        self.parked = Gauge("bina_parked", "Messages parked", registry=self.registry)
        self.waiting = Gauge(
            "bina_waiting", "Messages waiting for another topic's fact", registry=self.registry
        )
        self.oldest_wait = Gauge("bina_waiting_age_seconds", "Longest wait", registry=self.registry)
        self.due = Gauge("bina_due_overdue", "Work whose time has come", registry=self.registry)
