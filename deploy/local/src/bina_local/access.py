"""Opens a broker to those who are to use it: credentials, rights, topics. Safe to repeat, on a broker of any age.

`python -m bina_local.access [--state DIR] [AGENCY…]` takes passwords from a state folder, or without one from
BINA_KAFKA_PASSWORDS, a JSON object by principal; an agency whose password is not there gets one, which is printed
this once.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from bina.messaging.cluster import MECHANISM, Cluster
from bina_local import rights, topics
from bina_local.addresses import SERVICES, Addresses
from bina_local.principals import BROKER, OPERATOR, BrokerServer, of_agency
from bina_local.rights import Right
from bina_local.state import State

TIMEOUT_SECONDS = 30
ITERATIONS = 4096
"""Kafka's least; what is guessed against it are 32 random bytes."""
PasswordOf = Callable[[str], str | None]
"""A principal's password, where it is known here."""


class AccessFailedError(RuntimeError):
    """The broker did not take credentials or rights; the message carries its reason."""


class Access:
    """Credentials and rights of one broker, seen by its own principal. Methods wait for the broker's answer."""

    def __init__(self, cluster: Cluster) -> None:
        """`cluster`: the broker as principal `broker`, who signs in by PLAIN."""
        quiet = {"log_level": 2}  # what goes wrong comes with the answers
        self._admin = AdminClient({**librdkafka(cluster), "sasl.mechanism": "PLAIN", **quiet})

    def topics(self) -> set[str]:
        """Names of all topics."""
        return set(self._admin.list_topics(timeout=TIMEOUT_SECONDS).topics)

    def known(self) -> set[str]:
        """Who has a credential."""
        found = self._admin.describe_user_scram_credentials(request_timeout=TIMEOUT_SECONDS)
        assert isinstance(found, Future)  # a dictionary of futures only where names are asked for
        return set(found.result())

    def admit(self, passwords: Mapping[str, str]) -> None:
        """Give principals these passwords in the place of those they had."""
        asked: list[UserScramCredentialAlteration] = [
            _credential(principal, password) for principal, password in passwords.items()
        ]
        answers = self._admin.alter_user_scram_credentials(asked, request_timeout=TIMEOUT_SECONDS)
        for answer in answers.values():
            answer.result()

    def hold_to(self, wanted: Collection[Right], principals: Collection[str]) -> None:
        """Give these principals these rights and no others; returns once the broker acts on them."""
        ours = {f"User:{principal}" for principal in principals}
        bindings = {_binding(right) for right in wanted}
        found = self._held(ours)
        self._give(bindings - found)
        self._take(found - bindings)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self._held(ours) != bindings:
            if time.monotonic() > deadline:
                raise AccessFailedError("hak akses belum berlaku di Kafka")
            time.sleep(0.05)

    def _give(self, bindings: Collection[AclBinding]) -> None:
        if bindings:
            for answer in self._admin.create_acls([*bindings]).values():
                answer.result()

    def _take(self, bindings: Collection[AclBinding]) -> None:
        if bindings:
            for answer in self._admin.delete_acls([_only(binding) for binding in bindings]).values():
                answer.result()

    def _held(self, principals: set[str]) -> set[AclBinding]:
        anything: Any = None  # the library's hints know no "whatever it is"
        kinds = ResourceType.ANY, anything, ResourcePatternType.ANY
        every = AclBindingFilter(*kinds, anything, anything, AclOperation.ANY, AclPermissionType.ANY)
        found = self._admin.describe_acls(every, request_timeout=TIMEOUT_SECONDS).result()
        return {binding for binding in found if binding.principal in principals}


def librdkafka(cluster: Cluster) -> dict[str, Any]:
    """What a client of that library is given."""
    signed = {
        "sasl.mechanism": MECHANISM,
        "sasl.username": cluster.user,
        "sasl.password": cluster.password,
    }
    found = {"bootstrap.servers": cluster.servers, "security.protocol": cluster.protocol}
    return {**found, **(signed if cluster.user else {})}


def _credential(principal: str, password: str) -> UserScramCredentialUpsertion:
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    return UserScramCredentialUpsertion(principal, how, password.encode())


def _binding(right: Right) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL
    kind, operation = ResourceType[right.resource], AclOperation[right.operation]
    principal, anywhere = f"User:{right.principal}", "*"
    return AclBinding(kind, right.name, pattern, principal, anywhere, operation, AclPermissionType.ALLOW)


def _only(b: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        b.restype, b.name, b.resource_pattern_type, b.principal, b.host, b.operation, b.permission_type
    )


async def open_to(
    servers: str, password_of: PasswordOf, agencies: Iterable[str] = (), *, renew: bool = False
) -> dict[str, str]:
    """Operator, services, these agencies and those that have topics already; gives the passwords made here.

    `renew`: these agencies get others than they had. Raises AccessFailedError, KafkaError, PartitionsDifferError, and
    ValueError for an agency's code.
    """
    asked = sorted(agencies)
    wanted = [*topics.listed(), *(topic for code in asked for topic in topics.of_agency(code))]
    made = await admit(servers, password_of, asked, renew=renew)
    await topics.ensure(Cluster(servers, OPERATOR, _needed(password_of, OPERATOR)), wanted)
    return made


async def admit(
    servers: str, password_of: PasswordOf, agencies: Sequence[str] = (), *, renew: bool = False
) -> dict[str, str]:
    """The same without the topics."""
    broker = Cluster(servers, BROKER, _needed(password_of, BROKER))
    return await asyncio.to_thread(_admit, Access(broker), password_of, agencies, renew=renew)


def _needed(password_of: PasswordOf, principal: str) -> str:
    if password := password_of(principal):
        return password
    raise AccessFailedError(f"kata sandi {principal} tidak ada di BINA_KAFKA_PASSWORDS")


async def admit_agency(broker: Cluster, operator: Cluster, code: str, password: str) -> None:
    """One agency's credential, rights and topics; raises what `open_to` raises."""
    await topics.ensure(operator, topics.of_agency(code))
    await asyncio.to_thread(_admit_agency, Access(broker), code, password)


def _admit_agency(access: Access, code: str, password: str) -> None:
    principal = of_agency(code)
    with _told():
        access.admit({principal: password})
        access.hold_to(rights.of_the_agency(code), [principal])


def _admit(access: Access, password_of: PasswordOf, asked: Sequence[str], *, renew: bool) -> dict[str, str]:
    ours = {name: _needed(password_of, name) for name in (OPERATOR, *SERVICES)}
    with _told():
        codes = sorted({*asked, *topics.codes(access.topics())})
        agencies = {of_agency(code): password_of(of_agency(code)) for code in codes}
        given = {name: password for name, password in agencies.items() if password}
        kept = access.known() - {of_agency(code) for code in asked if renew}
        made = {name: secrets.token_urlsafe(32) for name in agencies.keys() - given.keys() - kept}
        access.admit({**ours, **given, **made})
        wanted = rights.of_services().union(*(rights.of_the_agency(code) for code in codes))
        access.hold_to(wanted, [*ours, *agencies])
    return made


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise AccessFailedError(str(error)) from error


def main() -> None:
    """Open the broker; print what was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--renew", action="store_true", help="give these agencies other passwords")
    parser.add_argument("agencies", nargs="*")
    arguments = parser.parse_args()
    servers, password_of = _of_state(arguments.state) if arguments.state else _of_environment()
    try:
        made = asyncio.run(open_to(servers, password_of, arguments.agencies, renew=arguments.renew))
    except (AccessFailedError, KafkaError, topics.PartitionsDifferError, TimeoutError, ValueError) as error:
        sys.exit(f"Kafka belum siap dipakai: {error!r}")
    sys.stdout.writelines(f"{principal} {password}\n" for principal, password in sorted(made.items()))


def _of_state(root: Path) -> tuple[str, PasswordOf]:
    state = State.at(root)
    broker = BrokerServer(state.secrets, Addresses.of(state).ports["kafka"])
    return broker.bootstrap, broker.password


def _of_environment() -> tuple[str, PasswordOf]:
    """Raises KeyError naming the variable that is missing."""
    known: dict[str, str] = json.loads(os.environ["BINA_KAFKA_PASSWORDS"])
    return os.environ["BINA_KAFKA"], known.get


if __name__ == "__main__":
    main()
