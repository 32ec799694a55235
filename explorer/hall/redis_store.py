"""Rooms in Redis or Valkey: several processes serve them, and they outlive a restart of the app.

Of a room CODE: hall:CODE:room (its text), :ballot, :votes (voter -> option), :counts (ballot:option -> votes) and :here
(voter -> until when). hall:rooms holds the codes that live, with until when; hall:pictures, :order and :bytes the
pictures. All of them expire by themselves. What several phones may do at once is one script each, and the server's
clock decides.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from explorer.hall.refused import Away
from explorer.hall.store import (
    ENDED_S,
    GRACE_S,
    LIFE_S,
    MOST_BROWSERS,
    MOST_ROOMS,
    MOST_VOTERS,
    PICTURES_BYTES,
    STAY_S,
    Change,
    Choice,
    Full,
    Heard,
    Look,
    NoRoom,
    Picture,
    Vote,
)

CHANNEL = "hall:news"
ONLY_VOTES = b"votes"
CONNECTIONS = 32
ANSWER_S = 2.0  # that a call waits for the server
LISTEN_S = 1.0  # between two tries to hear the news
PARTS = ("room", "ballot", "votes", "counts", "here")

NOW = "local t = redis.call('TIME'); local now = t[1] + t[2] / 1e6\n"

# KEYS rooms room; ARGV code text life_s most
OPEN = (
    NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'taken' end
redis.call('SET', KEYS[2], ARGV[2], 'PX', math.ceil(ARGV[3] * 1000))
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
return 'open'
"""
)

# KEYS rooms room ballot votes counts here; ARGV code life_s
LIVE = (
    NOW
    + """
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  for i = 2, #KEYS do redis.call('PEXPIRE', KEYS[i], math.ceil(ARGV[2] * 1000)) end
end
"""
)

# KEYS room ballot votes counts here rooms; ARGV code number voter option most grace_s channel news strangers
VOTE = (
    NOW
    + """
local function left(voter)
  local til = redis.call('ZSCORE', KEYS[5], voter)
  return not til or tonumber(til) <= now - ARGV[6]
end
if ARGV[9] == '0' and left(ARGV[3]) then return 'stranger' end
local ballot = redis.call('HMGET', KEYS[2], 'number', 'options', 'open')
if redis.call('EXISTS', KEYS[1]) == 0 or not redis.call('ZSCORE', KEYS[6], ARGV[1]) then return 'gone' end
if (ballot[1] or '0') ~= ARGV[2] then return 'other' end
if ballot[3] ~= '1' then return 'closed' end
local option = tonumber(ARGV[4])
if option < 0 or option >= tonumber(ballot[2]) then return 'none' end
local function count(option, by) redis.call('HINCRBY', KEYS[4], ARGV[2] .. ':' .. option, by) end
local before = redis.call('HGET', KEYS[3], ARGV[3])
if before then
  count(before, -1)
elseif redis.call('HLEN', KEYS[3]) >= tonumber(ARGV[5]) then
  local gone
  for _, voter in ipairs(redis.call('HKEYS', KEYS[3])) do
    if left(voter) then gone = voter; break end
  end
  if not gone then return 'full' end
  count(redis.call('HGET', KEYS[3], gone), -1)
  redis.call('HDEL', KEYS[3], gone)
end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[4])
count(ARGV[4], 1)
local life = redis.call('PTTL', KEYS[1])
redis.call('PEXPIRE', KEYS[3], life)
redis.call('PEXPIRE', KEYS[4], life)
redis.call('PUBLISH', ARGV[7], ARGV[8])
return 'counted'
"""
)

# KEYS room here; ARGV stay_s most voter...
STAY = (
    NOW
    + """
local life = redis.call('PTTL', KEYS[1])
if life < 0 then return end
for i = 3, #ARGV do redis.call('ZADD', KEYS[2], now + ARGV[1], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -ARGV[2] - 1)
redis.call('PEXPIRE', KEYS[2], life)
"""
)
LEAVE = NOW + "redis.call('ZADD', KEYS[1], 'XX', now, ARGV[1])"  # KEYS here; ARGV voter
HERE = NOW + "return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')"
KNOWS = (
    NOW + "local til = redis.call('ZSCORE', KEYS[1], ARGV[1]); return til and tonumber(til) > now - ARGV[2] and 1 or 0"
)

# KEYS pictures order bytes; ARGV digest kind content life_s time -> bytes of all
KEEP = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. '\\n' .. ARGV[3])
  redis.call('INCRBY', KEYS[3], #ARGV[3])
end
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], math.ceil(ARGV[4] * 1000)) end
return tonumber(redis.call('GET', KEYS[3]))
"""

# KEYS pictures order bytes; ARGV most digest...: those that stay
FORGET = """
local stay = {}
for i = 2, #ARGV do stay[ARGV[i]] = true end
for _, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if tonumber(redis.call('GET', KEYS[3]) or 0) <= tonumber(ARGV[1]) then return end
  if not stay[digest] then
    local picture = redis.call('HGET', KEYS[1], digest) or '\\n'
    redis.call('DECRBY', KEYS[3], #picture - string.find(picture, '\\n', 1, true))
    redis.call('HDEL', KEYS[1], digest)
    redis.call('ZREM', KEYS[2], digest)
  end
end
"""
ROOMS, PICTURES = "hall:rooms", ("hall:pictures", "hall:pictures:order", "hall:pictures:bytes")


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise Away("The rooms' memory does not answer; it is tried again by itself.") from error


def _keys(code: str) -> list[str]:
    return [f"hall:{code}:{part}" for part in PARTS]


class Redis:
    """The rooms of all processes that have the same address."""

    waits = True

    def __init__(self, address: str, life_s: float = LIFE_S, pictures_bytes: int = PICTURES_BYTES) -> None:
        self._life_s = life_s
        self._most_bytes = pictures_bytes
        pool = redis.BlockingConnectionPool.from_url(
            address,
            max_connections=CONNECTIONS,
            timeout=ANSWER_S,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            health_check_interval=30,
            retry=Retry(NoBackoff(), 1),  # once at once: a connection from before the server's restart
            retry_on_error=[redis.ConnectionError],
        )
        self._client = redis.Redis(connection_pool=pool)
        self._heard: list[Heard] = []
        self._listening: threading.Thread | None = None
        script = self._client.register_script
        self._open, self._live, self._vote, self._stay = map(script, (OPEN, LIVE, VOTE, STAY))
        self._leave, self._here, self._knows = map(script, (LEAVE, HERE, KNOWS))
        self._keep, self._forget = map(script, (KEEP, FORGET))

    def open(self, code: str, text: str) -> bool:
        with _asking():
            outcome = self._open(keys=[ROOMS, _keys(code)[0]], args=[code, text, self._life_s, MOST_ROOMS])
        if outcome == b"full":
            raise Full
        return bool(outcome == b"open")

    def look(self, code: str) -> Look | None:
        room, _, votes, counts, _ = _keys(code)
        with _asking(), self._client.pipeline() as pipe:
            pipe.get(room)
            pipe.hlen(votes)
            pipe.hgetall(counts)
            text, voted, counted = pipe.execute()
        if text is None:
            return None
        return Look(text.decode(), voted, {_ballot_option(key): int(value) for key, value in counted.items()})

    def change(self, code: str, change: Change) -> None:
        room, ballot_key, votes, counts, here = _keys(code)
        with _asking(), self._client.pipeline() as pipe:
            while True:
                pipe.watch(room)
                old = cast("bytes | None", pipe.get(room))
                number = cast("bytes | None", pipe.hget(ballot_key, "number"))
                if old is None:
                    raise NoRoom(code)
                text, ballot = change(old.decode())
                pipe.multi()
                pipe.set(room, text, px=int(self._life_s * 1000))
                fields = {"number": ballot.number, "options": ballot.options, "open": int(ballot.open)}
                pipe.hset(ballot_key, mapping=cast("dict[Any, Any]", fields))
                if ballot.number != int(number or 0):
                    pipe.delete(votes)
                self._live(keys=[ROOMS, room, ballot_key, votes, counts, here], args=[code, self._life_s], client=pipe)
                pipe.publish(CHANNEL, code)
                try:
                    pipe.execute()
                    return
                except redis.WatchError:
                    continue

    def live(self, code: str) -> None:
        with _asking():
            self._live(keys=[ROOMS, *_keys(code)], args=[code, self._life_s])

    def end(self, code: str, text: str) -> None:
        room, *others = _keys(code)
        with _asking(), self._client.pipeline() as pipe:
            pipe.set(room, text, px=int(ENDED_S * 1000))
            pipe.delete(*others)
            pipe.zrem(ROOMS, code)
            pipe.publish(CHANNEL, code)
            pipe.execute()
            if not self.codes():
                self._client.delete(*PICTURES)

    def codes(self) -> list[str]:
        with _asking():
            seconds, micros = self._client.time()
            found = self._client.zrangebyscore(ROOMS, seconds + micros / 1e6, "+inf")
        return [code.decode() for code in cast("list[bytes]", found)]

    def vote(self, choices: Sequence[Choice], strangers: bool) -> list[Vote]:
        with _asking(), self._client.pipeline(transaction=False) as pipe:
            for choice in choices:
                news = f"{choice.code} {ONLY_VOTES.decode()}"
                arguments: list[Any] = [*choice, MOST_VOTERS, GRACE_S, CHANNEL, news, int(strangers)]
                self._vote(keys=[*_keys(choice.code), ROOMS], args=arguments, client=pipe)
            return [cast(Vote, outcome.decode()) for outcome in pipe.execute()]

    def voted(self, code: str, voter: str) -> tuple[int, int] | None:
        _, ballot, votes, *_ = _keys(code)
        with _asking(), self._client.pipeline() as pipe:
            pipe.hget(ballot, "number")
            pipe.hget(votes, voter)
            number, option = pipe.execute()
        return None if option is None else (int(number), int(option))

    def stay(self, code: str, voters: Iterable[str]) -> None:
        room, *_, here = _keys(code)
        with _asking():
            self._stay(keys=[room, here], args=[STAY_S, MOST_BROWSERS, *voters])

    def leave(self, code: str, voter: str) -> None:
        with _asking():
            self._leave(keys=[_keys(code)[-1]], args=[voter])

    def here(self, code: str) -> int:
        with _asking():
            return int(self._here(keys=[_keys(code)[-1]]))

    def knows(self, code: str, voter: str) -> bool:
        with _asking():
            return bool(self._knows(keys=[_keys(code)[-1]], args=[voter, GRACE_S]))

    def keep(self, digest: str, picture: Picture, needed: Callable[[], set[str]]) -> None:
        kind, content = picture
        with _asking():
            nbytes = self._keep(keys=PICTURES, args=[digest, kind, content, self._life_s, time.time()])
            if nbytes > self._most_bytes:
                self._forget(keys=PICTURES, args=[self._most_bytes, digest, *needed()])

    def picture(self, digest: str) -> Picture | None:
        with _asking():
            found = cast("bytes | None", self._client.hget(PICTURES[0], digest))
        if found is None:
            return None
        kind, _, content = found.partition(b"\n")
        return kind.decode(), content

    def listen(self, heard: Heard) -> None:
        self._heard.append(heard)
        if self._listening is None:
            self._listening = threading.Thread(target=self._hear, name="rooms' news", daemon=True)
            self._listening.start()

    def _hear(self) -> None:
        """Pass on the news, for as long as the process lives."""
        while True:
            try:
                with self._client.pubsub(ignore_subscribe_messages=True) as news:
                    news.subscribe(CHANNEL)
                    self._tell(None, False)  # what happened while nobody listened
                    while True:
                        if message := news.get_message(timeout=LISTEN_S):
                            code, _, what = message["data"].partition(b" ")
                            self._tell(code.decode(), what == ONLY_VOTES)
            except redis.RedisError:
                time.sleep(LISTEN_S)

    def _tell(self, code: str | None, only_votes: bool) -> None:
        for heard in list(self._heard):
            heard(code, only_votes)


def _ballot_option(key: bytes) -> tuple[int, int]:
    number, _, option = key.partition(b":")
    return int(number), int(option)
