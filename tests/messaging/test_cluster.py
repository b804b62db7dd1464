import ssl

import pytest
from pydantic import ValidationError

from bina.messaging import Settings
from bina.messaging.cluster import Cluster

HERE = {"database_url": "postgresql+asyncpg://x@localhost/x", "kafka": "localhost:1", "secret": "x" * 32}


def test_without_a_user_nobody_signs_in():
    told = Settings(**HERE).cluster.client()
    assert told == {"bootstrap_servers": "localhost:1", "security_protocol": "PLAINTEXT", "ssl_context": None}


def test_with_a_user_every_client_signs_in():
    told = Settings(**HERE, kafka_user="evaluation", kafka_password="p").cluster.client()
    assert told == {
        "bootstrap_servers": "localhost:1",
        "security_protocol": "SASL_PLAINTEXT",
        "ssl_context": None,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "evaluation",
        "sasl_plain_password": "p",
    }


@pytest.mark.parametrize(("user", "protocol"), [("", "SSL"), ("evaluation", "SASL_SSL")])
def test_over_tls_the_brokers_certificate_counts(user: str, protocol: str):
    told = Cluster("localhost:1", user, user, tls=True).client()
    assert told["security_protocol"] == protocol
    assert told["ssl_context"].verify_mode is ssl.CERT_REQUIRED


def test_settings_and_cluster_say_the_same():
    cluster = Cluster("localhost:1", "evaluation", "p", tls=True)
    assert Settings(**{**HERE, **cluster.settings()}).cluster == cluster


@pytest.mark.parametrize("half", [{"kafka_user": "evaluation"}, {"kafka_password": "p"}])
def test_half_a_credential_stops_the_start(half: dict[str, str]):
    with pytest.raises(ValidationError, match="BINA_KAFKA_USER and BINA_KAFKA_PASSWORD"):
        Settings(**HERE, **half)


def test_a_password_stands_in_no_log():
    settings = Settings(**HERE, kafka_user="evaluation", kafka_password="geheim")
    assert "geheim" not in f"{settings!r} {settings.cluster!r}"
