"""The official images, for BACKEND=containers; nothing else imports testcontainers."""

import asyncio
from pathlib import Path

from testcontainers.core.container import DockerContainer

from bina_local.databases import SUPERUSER, DatabaseServer
from bina_local.kafka import answers, security
from bina_local.ports import HOST, any_free
from bina_local.principals import BROKER, BrokerServer
from bina_local.process import until
from bina_local.state import Secrets
from parts import variables

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.1"
START_SECONDS = 60


class ContainerPostgres(DatabaseServer):
    def __init__(self, folder: Path) -> None:
        super().__init__(Secrets(folder / "secrets.json"), any_free())
        self._container = (
            DockerContainer(POSTGRES_IMAGE)
            .with_env("POSTGRES_PASSWORD", self.password(SUPERUSER))
            .with_bind_ports(5432, self.port)
        )

    async def start(self) -> None:
        await asyncio.to_thread(self._container.start)
        async with asyncio.timeout(START_SECONDS):
            await self.ready()

    async def stop(self) -> None:
        await asyncio.to_thread(self._container.stop)


class ContainerKafka(BrokerServer):
    def __init__(self, folder: Path) -> None:
        super().__init__(Secrets(folder / "secrets.json"), any_free())
        self._container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, self.port)
        for name, value in self._settings().items():
            self._container = self._container.with_env(f"KAFKA_{name}", value)

    def _settings(self) -> dict[str, str]:
        return {
            "NODE_ID": "1",
            "PROCESS_ROLES": "broker,controller",
            "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "LISTENERS": "CLIENTS://:9092,CONTROLLER://localhost:9093",
            "ADVERTISED_LISTENERS": f"CLIENTS://{HOST}:{self.port}",
            "INTER_BROKER_LISTENER_NAME": "CLIENTS",
            "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            **variables(security(self.password(BROKER))),
            "AUTO_CREATE_TOPICS_ENABLE": "false",
            "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "OFFSETS_TOPIC_NUM_PARTITIONS": "4",
            "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "HEAP_OPTS": "-Xms128m -Xmx384m",
        }

    async def start(self) -> None:
        await asyncio.to_thread(self._container.start)
        async with asyncio.timeout(START_SECONDS):
            await until(lambda: answers(self.port))

    async def stop(self) -> None:
        await asyncio.to_thread(self._container.stop)
