"""What a service measures of itself, in the Prometheus form. This is the whole list of names, with their meaning.

Counters and histograms count from this process's start. Gauges are read anew at each scrape; those that cannot be
read then (the database or the broker is away) are left out or NaN, and `bina_scrape_complete` is 0. Labels take a
bounded number of values: outcomes, topics that exist, route templates, classes of status.
"""

from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from .status import Status

OUTCOMES = ("applied", "repeated", "ignored", "parked", "waiting")
"""applied now · had been applied before · of a type nobody here reacts to · set aside as failed or unreadable · set
aside until another topic's fact comes."""
_EFFECT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200)
_BATCH = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)
_HTTP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """One registry per runtime, so that several can live in one process."""

    def __init__(self, service: str = "") -> None:
        self.registry = CollectorRegistry()
        # process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds and the like, on Linux
        ProcessCollector(registry=self.registry)
        self._build(service)
        self._travel()
        self._backlog()
        self._http()

    def _build(self, service: str) -> None:
        build = Gauge(
            "bina_build_info", "1; which release runs here", ["service", "version"], registry=self.registry
        )
        build.labels(service, version("bina-messaging")).set(1)
        self.complete = Gauge(
            "bina_scrape_complete",
            "1 if database and broker answered when the gauges were read, else 0",
            registry=self.registry,
        )
        self.ready = Gauge(
            "bina_ready", "1 if this worker has partitions and takes messages", registry=self.registry
        )

    def _travel(self) -> None:
        """Messages on their way through this process."""
        self.messages = Counter(
            "bina_messages", "Messages taken, by what became of them", ["outcome"], registry=self.registry
        )
        for outcome in OUTCOMES:
            self.messages.labels(outcome)
        self.batch = Histogram(
            "bina_batch_messages",
            "Messages in a batch",
            buckets=(1, 10, 50, 200, 500, 1000, 2000),
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "bina_batch_seconds",
            "Time from having a batch to its commit, tries included",
            buckets=_BATCH,
            registry=self.registry,
        )
        self.effect_seconds = Histogram(
            "bina_effect_seconds",
            "Time from a record's timestamp to its committed effect, of each batch's oldest record",
            buckets=_EFFECT,
            registry=self.registry,
        )
        self.retries = Counter(
            "bina_transient_retries",
            "Batches tried again because the database was away or busy",
            registry=self.registry,
        )
        self.published = Counter(
            "bina_outbox_published", "Facts acknowledged by the broker", registry=self.registry
        )
        self.reconciled = Counter(
            "bina_state_republished",
            "State keys told anew because the broker had another version",
            ["topic"],
            registry=self.registry,
        )

    def _backlog(self) -> None:
        """What is left to do, as it stands when asked."""
        self.lag = Gauge(
            "bina_consumer_lag",
            "Messages of this worker's partitions that are not applied yet",
            ["topic"],
            registry=self.registry,
        )
        self.group_lag = Gauge(
            "bina_group_lag",
            "Messages of all partitions, whoever has them, that are not applied yet; what to scale on, every worker "
            "says the same: take the maximum, not the sum",
            ["topic"],
            registry=self.registry,
        )
        self.outbox_depth = Gauge("bina_outbox_depth", "Facts not published yet", registry=self.registry)
        self.outbox_age = Gauge(
            "bina_outbox_age_seconds", "Age of the oldest fact not published yet", registry=self.registry
        )
        self.leading = Gauge(
            "bina_relay_leading", "1 if this worker publishes the database's outbox", registry=self.registry
        )
        self.parked = Gauge("bina_parked", "Messages parked", registry=self.registry)
        self.waiting = Gauge(
            "bina_waiting",
            "Messages that wait for another topic's fact, or behind a held one of their key",
            registry=self.registry,
        )
        self.oldest_wait = Gauge(
            "bina_waiting_age_seconds", "Longest wait for another topic's fact", registry=self.registry
        )
        self.due = Gauge("bina_due_overdue", "Work whose time has come", registry=self.registry)
        self.paused = Gauge(
            "bina_topics_paused", "Topics left alone because their messages fail", registry=self.registry
        )
        self.unsealed = Gauge(
            "bina_audit_unsealed", "Audit entries that no block seals yet", registry=self.registry
        )
        self.unsealed_age = Gauge(
            "bina_audit_unsealed_age_seconds",
            "Age of the oldest audit entry that no block seals yet; beyond a minute sealing has stopped",
            registry=self.registry,
        )

    def _http(self) -> None:
        self.requests = Counter(
            "bina_http_requests",
            "HTTP requests answered, by route template and class of status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "bina_http_request_seconds",
            "Time from an HTTP request to the end of its answer",
            ["method", "route"],
            buckets=_HTTP,
            registry=self.registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One HTTP request: `route` is its template, `status` the code."""
        self.requests.labels(method, route, f"{status // 100}xx").inc()
        self.request_seconds.labels(method, route).observe(seconds)

    def show(self, status: Status) -> None:
        """Set the gauges to what was read just now. Topics that another worker has taken over are forgotten."""
        self.outbox_depth.set(status.outbox["depth"])
        self.outbox_age.set(status.outbox["age_seconds"])
        self.parked.set(status.parked)
        self.waiting.set(status.waiting)
        self.oldest_wait.set(status.oldest_wait_seconds)
        self.due.set(status.due)
        self.leading.set(status.relay_leading)
        self.paused.set(len(status.paused))
        self.ready.set(status.ready)
        self.lag.clear()
        for topic, lag in status.lag.items():
            self.lag.labels(topic).set(lag)
        self.group_lag.clear()
        for topic, lag in status.group_lag.items():
            self.group_lag.labels(topic).set(lag)
        self.complete.set(bool(status.lag) or not status.ready)

    def forget(self) -> None:
        """The database did not answer: old figures would pass for new ones."""
        self.complete.set(0)
        self.lag.clear()
        self.group_lag.clear()
        for gauge in (
            self.outbox_depth,
            self.outbox_age,
            self.parked,
            self.waiting,
            self.oldest_wait,
            self.due,
            self.unsealed,
            self.unsealed_age,
        ):
            gauge.set(float("nan"))
