"""The service below a path of a site, behind a real nginx with the settings that we ship."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from SPARQLWrapper import JSON, SPARQLWrapper
from tests.conftest import ROOT, serving
from tests.programs import program
from tests.servers import free_port

from nexuskb.settings import Settings

_NGINX = """\
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port};
        include {home}/nexuskb.conf;
    }}
}}
"""


@contextmanager
def behind_nginx(settings: Settings, home: Path, **given: str) -> Iterator[tuple[str, str]]:
    """The address of a service as the world sees it, and the server's own."""
    nginx, port = program("nginx"), free_port()
    with serving(settings, NEXUSKB_ROOT_PATH="/nexuskb", NEXUSKB_PROXIES="127.0.0.1", **given) as (own, _):
        shipped = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        assert "http://127.0.0.1:8000/" in shipped
        (home / "nexuskb.conf").write_text(shipped.replace("http://127.0.0.1:8000/", f"{own}/"))
        (home / "nginx.conf").write_text(_NGINX.format(home=home, port=port))
        process = subprocess.Popen(
            [nginx, "-c", str(home / "nginx.conf"), "-p", str(home)], stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/nexuskb/health/live", process, home)
            yield f"http://127.0.0.1:{port}/nexuskb", own
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def site(settings: Settings, store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A service behind nginx for many tests."""
    with behind_nginx(settings, tmp_path_factory.mktemp("nginx"), NEXUSKB_CLIENT_SECONDS="0") as found:
        yield found


def _wait_for(address: str, process: subprocess.Popen[bytes], home: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError((home / "error.log").read_text(encoding="utf-8"))


def _links(address: str, page: httpx.Response) -> set[str]:
    """What a page leads to, loads, or sends forms to, but for the parts and places of other sites."""
    found = re.findall(r'(?:href|src|action)="([^"#]+)', page.text)
    return {urljoin(address, link.replace("&amp;", "&")) for link in found}


def test_every_link_from_the_main_pages_stays_below_the_path(site: tuple[str, str]) -> None:
    address, _ = site
    html = {"Accept": "text/html"}
    pages = (
        "/",
        "/questions",
        "/records/mng-ndc-2020",
        "/paper",
        "/search?q=desert",
        "/sparql",
        "/audit",
        "/add",
    )
    seen: set[str] = set()
    host = urlsplit(address).netloc
    with httpx.Client(headers=html, timeout=60, follow_redirects=True) as client:
        for path in pages:
            page = client.get(f"{address}{path}")
            assert page.status_code == 200, path
            own = {link for link in _links(str(page.url), page) if urlsplit(link).netloc == host}
            assert own, path
            assert [link for link in own if not urlsplit(link).path.startswith("/nexuskb")] == [], path
            seen |= own
        assert len(seen) > 50
        loaded = [link for link in seen if "/static/" in link]
        assert len(loaded) >= 2
        for link in [*loaded, *sorted(seen)[:25]]:
            assert client.get(link).status_code == 200, link


def test_the_path_without_a_slash_leads_in(site: tuple[str, str]) -> None:
    answer = httpx.get(site[0], follow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["location"].endswith("/nexuskb/")


def test_the_endpoint_answers_clients_of_the_protocol(site: tuple[str, str]) -> None:
    client = SPARQLWrapper(f"{site[0]}/sparql")
    client.setQuery("ASK { ?policy a nx:Policy }")
    client.setReturnFormat(JSON)
    assert client.query().convert()["boolean"] is True
    client.setMethod("POST")
    assert client.query().convert()["boolean"] is True


def test_addresses_in_data_are_those_that_the_world_sees(site: tuple[str, str]) -> None:
    address, own = site
    described = httpx.get(f"{address}/.well-known/void", headers={"Accept": "text/turtle"}, timeout=60).text
    assert f"<{address}/sparql>" in described
    assert own not in described
    secure = {"X-Forwarded-Proto": "https", "Host": "kb.example.org", "Accept": "text/turtle"}
    assert (
        "<https://kb.example.org/nexuskb/sparql>" in httpx.get(f"{own}/.well-known/void", headers=secure).text
    )


def test_metrics_are_kept_from_the_world(site: tuple[str, str]) -> None:
    address, own = site
    assert httpx.get(f"{address}/metrics").status_code == 404
    assert "nexuskb_workers" in httpx.get(f"{own}/metrics").text


def test_clients_are_told_apart_and_cannot_say_that_they_are_others(
    settings: Settings, store, tmp_path: Path
) -> None:
    heavy = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f }", "timeout": "3"}
    light = {"query": "ASK { ?s nx:policy ?o }"}
    with behind_nginx(settings, tmp_path, NEXUSKB_CLIENT_SECONDS="1") as (address, own):
        pretence = {"X-Forwarded-For": "192.0.2.1"}
        assert httpx.get(f"{address}/sparql", params=heavy, headers=pretence, timeout=60).status_code == 504
        pretence = {"X-Forwarded-For": "192.0.2.2"}
        assert httpx.get(f"{address}/sparql", params=light, headers=pretence).status_code == 429
        other = {"X-Forwarded-For": "198.51.100.7"}  # said by the proxy
        assert httpx.get(f"{own}/sparql", params=light, headers=other).status_code == 200
