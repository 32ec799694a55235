"""Download published weights in the background: with progress, a way to cancel, and a check of the hash.

A file appears in the cache folder whole and checked, or not at all: it is written under a temporary name, with ".part"
in it, which is removed whatever happens, and renamed at the end.

The bytes come through this module's own loop. torch.hub's and huggingface_hub's loaders can't be cancelled, and the
latter tries again for minutes when a server falls silent, where a person is to get a sentence within ten seconds.
huggingface_hub says where a file lies and what its hash is.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import math
import os
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Literal
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import get_hf_file_metadata
from huggingface_hub.errors import HfHubHTTPError

from explorer.runtime.weights.files import WeightsError
from explorer.runtime.weights.layouts import match
from explorer.runtime.weights.published import Published, cache_folder

State = Literal["running", "done", "failed", "cancelled"]

# A server that offers the same paths, instead of those of torchvision and timm: for institutes without internet.
MIRROR = "EXPLORER_HUB_MIRROR"
CONNECT, READ = 5.0, 8.0  # seconds to connect; seconds without a byte until a server counts as silent
PATIENCE = 9.0  # seconds without any news until a job is given up, wherever it hangs: name servers have no timeout
RESERVE = 100 * 2**20  # bytes that stay free on the disk
ABANDONED = 600.0  # seconds after which a temporary file is one of a process that was killed


class DownloadError(Exception):
    """A download failed; `str()` is a sentence for a person."""


class Job:
    """One download, shared by all who look at it.

    Attributes:
        published: what is downloaded.
        done, total: bytes; the total is an estimate until the server has stated it.
        message: how it ended, in a sentence; empty while it runs.
    """

    def __init__(self, weights: Published, address: str) -> None:
        self.published = weights
        self.done, self.total = 0, weights.bytes
        self.message = ""
        self._address = address
        self._state: State = "running"
        self._lock = Lock()
        self._heard = time.monotonic()
        self._part: Path | None = None
        # A daemon: a viewer's download must not keep the server from stopping. `_stop_all` tidies up.
        self._thread = Thread(target=self._work, name=f"download-{weights.variant}", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        if time.monotonic() - self._heard > PATIENCE:
            self._end("failed", _silent(self._address))
        return self._state

    @property
    def fraction(self) -> float:
        """How much is here, 0 to 1."""
        return min(self.done / self.total, 1.0)

    def cancel(self) -> None:
        """Stop; nothing is kept. A job that has ended stays as it is."""
        self._end("cancelled", "The download was cancelled.")

    def wait(self, seconds: float | None = None) -> State:
        """Wait until the job has ended and tidied up, at most so long."""
        self._thread.join(seconds)
        return self.state

    def _end(self, state: State, message: str) -> None:
        with self._lock:
            if self._state == "running":
                self._state, self.message = state, message

    def _work(self) -> None:
        try:
            self._download()
        except (DownloadError, WeightsError) as error:
            self._end("failed", str(error))
        except (httpx2.HTTPError, httpx2.InvalidURL, ConnectionError) as error:
            self._end("failed", _network_sentence(error, self._address))
        except OSError as error:
            self._end("failed", _disk_sentence(error))

    def _download(self) -> None:
        weights, folder = self.published, cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        name = Path(weights.file_name)
        part = self._part = folder / f"{name.stem}.{uuid.uuid4().hex}.part{name.suffix}"
        try:
            digits = self._ask_hub() if weights.repository else weights.sha256
            digest = self._receive(part)
            self._heard = math.inf  # the network has done its share
            if self._state == "running":
                self._check(part, digest, digits)
            with self._lock:
                if self._state == "running":
                    part.replace(folder / name)
                    self._state, self.message = "done", f"{name} is here, complete and checked."
        finally:
            part.unlink(missing_ok=True)

    def _ask_hub(self) -> str:
        """The SHA-256 that the hub states for the file."""
        facts = get_hf_file_metadata(self._address, token=False, timeout=CONNECT)
        self._heard = time.monotonic()
        return facts.etag or ""

    def _receive(self, part: Path) -> str:
        """Write the file for as long as the job runs. Returns its SHA-256, hexadecimal."""
        digest = hashlib.sha256()
        timeout = httpx2.Timeout(READ, connect=CONNECT)
        # Compressed, the body would be shorter than what the server says.
        headers = {"Accept-Encoding": "identity"}
        with (
            httpx2.stream("GET", self._address, headers=headers, timeout=timeout, follow_redirects=True) as response,
            part.open("xb") as file,
        ):
            response.raise_for_status()
            self.total = int(response.headers.get("Content-Length", self.total))
            _require_space(part.parent, self.total)
            for piece in response.iter_raw():
                if self._state != "running":
                    break
                file.write(piece)
                digest.update(piece)
                self.done += len(piece)
                self._heard = time.monotonic()
        return digest.hexdigest()

    def _check(self, part: Path, digest: str, digits: str) -> None:
        """Raise DownloadError for a file of another hash, WeightsError for one that doesn't hold this network."""
        name = self.published.file_name
        if not digits or not digest.startswith(digits):
            raise DownloadError(
                f"{name} arrived damaged or altered: its SHA-256 begins with {digest[:8]}, "
                f"where {digits[:8] or 'the hub stated none'} was announced. It was deleted."
            )
        try:
            match(part, self.published.variant)
        except WeightsError as error:
            raise DownloadError(str(error).replace(part.name, name)) from error

    def _abandon(self) -> None:
        """At the end of the process: stop, and remove what was written."""
        self.cancel()
        if self._part is not None:
            with suppress(OSError):  # Windows keeps files that are open; the next download sweeps them up
                self._part.unlink(missing_ok=True)


_jobs: dict[str, Job] = {}
_starting = Lock()


def start(weights: Published, base: str | None = None) -> Job:
    """Begin to download, or join the download of the same weights that is under way.

    `base`: a server with the same paths, like "http://mirror.example"; else EXPLORER_HUB_MIRROR, else the original.
    """
    with _starting:
        job = _jobs.get(weights.variant)
        if job is None or job.state != "running":
            job = _jobs[weights.variant] = Job(weights, _address(weights, base or os.environ.get(MIRROR)))
        return job


def job_of(variant_name: str) -> Job | None:
    """The last download for a variant, under way or ended; None where nobody has asked for one."""
    return _jobs.get(variant_name)


@atexit.register
def _stop_all() -> None:
    for job in _jobs.values():
        job._abandon()


def _address(weights: Published, base: str | None) -> str:
    return f"{base.rstrip('/')}{urlsplit(weights.url).path}" if base else weights.url


def _sweep(folder: Path) -> None:
    """Remove what killed processes left behind; a download that lives writes more often."""
    for part in folder.glob("*.part.*"):
        with suppress(FileNotFoundError):  # another process sweeps, too
            if time.time() - part.stat().st_mtime > ABANDONED:
                part.unlink()


def _require_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + RESERVE:
        raise DownloadError(
            f"The disk is too full: the file has {_megabytes(size)}, and {folder} has {_megabytes(free)} left, "
            f"of which {_megabytes(RESERVE)} stay free."
        )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _silent(address: str) -> str:
    host = httpx2.URL(address).host
    return f"{host} has sent nothing for {READ:.0f} seconds; the download was given up. Please try again later."


def _network_sentence(error: Exception, address: str) -> str:
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return f"{address} is no address of the web; {MIRROR} must begin with https:// or http://."
    host = httpx2.URL(address).host
    if isinstance(error, httpx2.HTTPStatusError | HfHubHTTPError):
        status = error.response.status_code
        if status == 404:
            return f"{host} does not have the file (404): {address}"
        return f"{host} refuses to send the file ({status} {error.response.reason_phrase}): {address}"
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | ConnectionError):
        return (
            f"There is no connection to {host}. Without a network, put the file into the folder that "
            "EXPLORER_WEIGHTS names."
        )
    if isinstance(error, httpx2.TimeoutException):
        return _silent(address)
    return f"The connection to {host} broke before the file was complete. Please try again."


def _disk_sentence(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk became full during the download, and what had arrived was deleted: {cache_folder()}."
    return f"The file can't be written into {cache_folder()}: {error.strerror or error}."
