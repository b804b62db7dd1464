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
CADDYFILE = """\
{{
	admin off
	auto_https off
	persist_config off
	storage file_system {storage}
	log default {{
		level ERROR
	}}
}}
http://:{port} {{
	bind {host}
	encode
	request_body {{
		max_size 8MiB
	}}
	@probes path /healthz /readyz /metrics
	handle @probes {{
		respond 404
	}}
{routes}
	handle {{
		reverse_proxy {host}:{fallback}
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
		reverse_proxy {host}:{port}
	}}
"""


def caddyfile(addresses: Addresses, storage: Path) -> str:
    """The gateway's configuration: `/<service>/…` and `/mailbox`, all else to enrollment."""
    named = (*SERVICES, "mailbox")
    routes = "".join(ROUTE.format(name=name, host=HOST, port=addresses.ports[name]) for name in named)
    return CADDYFILE.format(
        storage=storage,
        port=addresses.ports["gateway"],
        host=HOST,
        routes=routes.rstrip("\n"),
        fallback=addresses.ports["enrollment"],
        starting=STARTING,
    )


def gateway(state: State, addresses: Addresses) -> Program:
    """Write the configuration and give the command that serves it."""
    folder = state.root / "gateway"
    folder.mkdir(exist_ok=True)
    config = folder / "Caddyfile"
    config.write_text(caddyfile(addresses, folder / "storage"))
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    argv = [str(caddy), "run", "--adapter", "caddyfile", "--config", str(config)]
    return Program("gateway", argv, {"GOMEMLIMIT": "32MiB", "HOME": str(folder)})
