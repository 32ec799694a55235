"""Several processes behind one address: a real proxy, before small servers and before the app."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from explorer.server import replicas
from explorer.server.replicas import ROOMS, ReplicasError, parts
from tests.hall.redis_server import free_port
from tests.server.proxy import COOKIE, running, stub

BROWSERS = 100


def ask(url: str, cookie: str = "") -> tuple[str, str]:
    """Which server answered a browser, and the cookie that it has then."""
    request = urllib.request.Request(url, headers={"Cookie": f"{COOKIE}={cookie}"} if cookie else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        given = SimpleCookie(answer.headers.get("Set-Cookie", ""))
        return answer.read().decode(), given[COOKIE].value if COOKIE in given else cookie


def test_browsers_are_spread_and_each_stays_where_it_is(tmp_path: Path) -> None:
    port = free_port()
    *_, proxy = parts("127.0.0.1", port, 1)
    with ExitStack() as stack:
        servers = {name: stack.enter_context(stub(name)) for name in ("a", "b", "c")}
        environment = {**proxy.environment, "EXPLORER_UPSTREAMS": " ".join(servers.values())}
        url = f"http://127.0.0.1:{port}/"
        stack.enter_context(running(proxy.command, url, tmp_path / "log", environment))
        browsers = [ask(url) for _ in range(BROWSERS)]
        spread = Counter(name for name, _ in browsers)
        assert set(spread) == set(servers)
        assert min(spread.values()) >= BROWSERS / 10
        assert [ask(url, cookie) for _, cookie in browsers] == browsers  # all from one address
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(f"{url}metrics")


def test_who_belonged_to_a_lost_server_belongs_to_another(tmp_path: Path) -> None:
    port = free_port()
    *_, proxy = parts("127.0.0.1", port, 1)
    url = f"http://127.0.0.1:{port}/"
    with ExitStack() as stack, ExitStack() as lost:
        servers = [lost.enter_context(stub("a")), stack.enter_context(stub("b"))]
        environment = {**proxy.environment, "EXPLORER_UPSTREAMS": " ".join(servers)}
        stack.enter_context(running(proxy.command, url, tmp_path / "log", environment))
        browsers = dict(ask(url) for _ in range(50))
        assert set(browsers) == {"a", "b"}
        lost.close()
        name, cookie = ask(url, browsers["a"])
        assert (name, cookie != browsers["a"]) == ("b", True)
        assert ask(url, cookie) == ("b", cookie)


def test_what_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_MEMORY", "3000")
    monkeypatch.delenv(ROOMS, raising=False)
    monkeypatch.delenv("EXPLORER_DOWNLOADS", raising=False)
    redis, *apps, proxy = parts("0.0.0.0", free_port(), 3)
    assert [part.name for part in (redis, *apps, proxy)] == ["redis", "app-1", "app-2", "app-3", "proxy"]
    assert len({tuple(sorted(part.environment.items())) for part in apps}) == 1  # one cookie secret, one store of rooms
    shared = apps[0].environment
    assert shared["EXPLORER_MEMORY"] == "1000"  # the bound is that of all together
    assert shared["EXPLORER_DOWNLOADS"] == "no"  # others can reach it
    assert shared[ROOMS].startswith("redis://127.0.0.1:")
    addresses = {f"127.0.0.1:{part.command[-1]}" for part in apps}
    assert set(proxy.environment["EXPLORER_UPSTREAMS"].split()) == addresses
    monkeypatch.setenv(ROOMS, "redis://elsewhere:6379/0")
    assert [part.name for part in parts("127.0.0.1", free_port(), 1)] == ["app-1", "proxy"]


def test_what_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "REDIS", ("no-such-redis",))
    monkeypatch.delenv(ROOMS, raising=False)
    with pytest.raises(ReplicasError, match="no-such-redis"):
        parts("127.0.0.1", free_port(), 1)
    monkeypatch.setattr(replicas, "CADDY", "no-such-caddy")
    with pytest.raises(ReplicasError, match="no-such-caddy"):
        parts("127.0.0.1", free_port(), 1)


def test_a_taken_address_is_told_before_anything_starts() -> None:
    with stub("taken") as taken, pytest.raises(OSError, match="in use"):
        parts("127.0.0.1", int(taken.partition(":")[2]), 1)
