"""Caddy as the one address that people type: it sends each path to its service."""

import sysconfig
from pathlib import Path

from bina_local.addresses import SERVICES, Addresses
from bina_local.ports import HOST
from bina_local.process import Program
from bina_local.state import State

STARTING = (
    "<!doctype html><html lang='id'><meta charset='utf-8'><meta http-equiv='refresh' content='3'>"
    "<title>Sebentar - Bina</title><h1>Layanan sedang disiapkan</h1>"
    "<p>Halaman ini memuat ulang sendiri dalam beberapa detik. Yang sudah tersimpan tetap aman.</p>"
)
# Caddy's log of a failed request holds its address and headers: personal links' tokens, NIP. What failed is enough.
CADDYFILE = """\
{{
	admin off
	auto_https off
	persist_config off
	storage file_system {storage}
	log default {{
		level ERROR
		format filter {{
			fields {{
				request delete
			}}
		}}
	}}
	servers {{
		timeouts {{
			read_header 15s
			read_body 60s
			idle 2m
		}}
		# twice what a service takes: a service says what is wrong in its own words
		max_header_size 64KiB
	}}
}}
http://:{port} {{
	bind {host}
	encode
	request_body {{
		max_size 11MiB
	}}
	@probes path /healthz /readyz /readyz/* /metrics
	handle @probes {{
		respond 404
	}}
{routes}
	handle {{
{fallback}
	}}
	handle_errors 413 {{
		header Content-Type application/problem+json
		respond `{{"type": "urn:bina:problem:too-large", "title": "Kiriman ini terlalu besar.", "status": 413}}` 413
	}}
	handle_errors 502 503 504 {{
		header Content-Type "text/html; charset=utf-8"
		header Content-Security-Policy "default-src 'none'"
		header Cache-Control no-store
		header Retry-After 3
		respond "{starting}" 503
	}}
}}
"""
ROUTE = """\
	@{name} path /{name} /{name}/*
	handle @{name} {{
{proxy}
	}}
"""
# The demonstration's identity provider: what OpenID Connect needs of it, no more.
IDENTITY = """\
	@identity path /.well-known/openid-configuration /oauth2/authorize /oauth2/token /jwks
	handle @identity {{
{proxy}
	}}
"""
# What never reached a worker goes to another one, or waits for one to come back; what reached one is never sent twice
# but for reads, so a client learns that it has to repeat a command, and its key makes that safe.
WORKERS = """\
		reverse_proxy {upstreams} {{
			lb_policy {policy}
			lb_try_duration 3s
			lb_try_interval 50ms
			health_uri /readyz/http
			health_interval 1s
			health_timeout 5s
			fail_duration 1s
		}}"""
ALONE = "\t\treverse_proxy {host}:{port}"
HEALTH_SECONDS = 1.0
"""How often the gateway asks a worker whether it takes requests: `health_interval`."""


def caddyfile(addresses: Addresses, storage: Path) -> str:
    """The gateway's configuration: `/<service>/…` to its workers, `/mailbox`, the identity provider's own paths, all else
    to enrollment's."""
    proxies = {name: workers(addresses, name) for name in SERVICES}
    mailbox = ALONE.format(host=HOST, port=addresses.ports["mailbox"])
    routes = "".join(
        ROUTE.format(name=name, proxy=proxy) for name, proxy in {**proxies, "mailbox": mailbox}.items()
    )
    routes += IDENTITY.format(proxy=ALONE.format(host=HOST, port=addresses.ports["identity"]))
    return CADDYFILE.format(
        storage=storage,
        port=addresses.ports["gateway"],
        host=HOST,
        routes=routes.rstrip("\n"),
        fallback=proxies["enrollment"],
        starting=STARTING,
    )


def workers(addresses: Addresses, service: str) -> str:
    """How requests are spread over a service's workers. A single one has no rival but its successor."""
    policy = "least_conn" if len(addresses.workers(service)) > 1 else "first"
    upstreams = " ".join(f"{HOST}:{port}" for port in addresses.upstreams(service))
    return WORKERS.format(upstreams=upstreams, policy=policy)


def gateway(state: State, addresses: Addresses) -> Program:
    """Write the configuration and give the command that serves it; SIGUSR1 has it read anew."""
    config = write_configuration(state, addresses)
    folder = config.parent
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    argv = [str(caddy), "run", "--adapter", "caddyfile", "--config", str(config)]
    return Program("gateway", argv, {"GOMEMLIMIT": "32MiB", "HOME": str(folder)})


def write_configuration(state: State, addresses: Addresses) -> Path:
    """Write what the gateway is to do with the addresses as they are now."""
    folder = state.root / "gateway"
    folder.mkdir(exist_ok=True)
    config = folder / "Caddyfile"
    config.write_text(caddyfile(addresses, folder / "storage"))
    return config
