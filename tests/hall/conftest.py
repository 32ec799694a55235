"""The two stores of rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from explorer.hall.rooms import Rooms
from explorer.hall.store import Memory, Store
from tests.hall.redis_server import find, redis_server

NewStore = Callable[..., Store]


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Redis. The tests fail without one: skipped tests would look like passed ones."""
    if find() is None:
        pytest.fail("There is no redis-server: `make redis` installs one.")
    with redis_server(tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.fixture(params=["memory", "redis"])
def new_store(request: pytest.FixtureRequest) -> NewStore:
    """`new_store(life_s=...)`: an empty store of the kind."""
    if request.param == "memory":
        return Memory
    from explorer.hall.redis_store import Redis

    address = request.getfixturevalue("redis_address")
    redis.Redis.from_url(address).flushall()
    return lambda **named: Redis(address, **named)


@pytest.fixture
def hall(new_store: NewStore) -> Rooms:
    """No room yet."""
    return Rooms(new_store())
