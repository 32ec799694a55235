"""Downloads from a server on this machine: whole and checked, or nothing and a sentence."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import pickle
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from explorer.architectures import variant
from explorer.runtime.weights import download
from explorer.runtime.weights.download import ABANDONED, Job, job_of, start
from explorer.runtime.weights.layouts import layouts, load_published
from explorer.runtime.weights.published import Published, downloaded_file, published_weights
from tests.runtime.weights.hub import PIECE, Hub, serve

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 20  # seconds that a test waits for what takes one


def _state(name: str, layout: str) -> dict[str, torch.Tensor]:
    names = layouts(name)[layout]
    own = variant(name).build().state_dict()
    return {theirs: own[ours].contiguous() for ours, theirs in names.items()}


@pytest.fixture(scope="module")
def good() -> bytes:
    """A file of the right network, in torchvision's layout."""
    buffer = io.BytesIO()
    torch.save(_state("mobilenet_v3_small", "torchvision"), buffer)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("EXPLORER_CACHE", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "_jobs", {})
    return folder


@pytest.fixture
def hub(good: bytes) -> Iterator[Hub]:
    with serve(Hub(good)) as hub:
        yield hub


def offered(name: str, body: bytes) -> Published:
    """The variant's published file, as if it were this one: the name and the hash are torchvision's way."""
    weights = published_weights(name)
    assert weights is not None
    if weights.repository:
        return weights
    digits = hashlib.sha256(body).hexdigest()[:8]
    return replace(weights, sha256=digits, bytes=len(body))


def ended(job: Job) -> Job:
    assert job.wait(LIMIT) != "running"
    assert not job._thread.is_alive()
    return job


def left(cache: Path) -> list[str]:
    return sorted(file.name for file in cache.iterdir()) if cache.exists() else []


def test_a_good_file_arrives_whole_and_can_be_loaded(hub: Hub, cache: Path) -> None:
    weights = offered("mobilenet_v3_small", hub.body)
    assert downloaded_file("mobilenet_v3_small") is None
    job = ended(start(weights, hub.address))
    assert (job.state, job.done, job.total, job.fraction) == ("done", len(hub.body), len(hub.body), 1)
    assert left(cache) == [weights.file_name]
    file = downloaded_file("mobilenet_v3_small")
    assert file is not None and file.read_bytes() == hub.body
    assert hub.asked == ["GET /models/mobilenet_v3_small-047dcff4.pth"]
    load_published(variant("mobilenet_v3_small").build(), file, "mobilenet_v3_small")


def test_a_hub_states_the_hash_and_sends_safetensors(cache: Path) -> None:
    with serve(Hub(save(_state("mobilenet_v1", "timm")))) as hub:
        job = ended(start(offered("mobilenet_v1", hub.body), hub.address))
    assert job.state == "done", job.message
    path = "/timm/mobilenetv1_100.ra4_e3600_r224_in1k/resolve/main/model.safetensors"
    assert hub.asked == [f"HEAD {path}", f"GET {path}"]
    assert left(cache) == ["mobilenetv1_100.ra4_e3600_r224_in1k.safetensors"]
    file = downloaded_file("mobilenet_v1")
    assert file is not None
    load_published(variant("mobilenet_v1").build(), file, "mobilenet_v1")


def test_the_mirror_of_the_environment_is_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_HUB_MIRROR", f"{hub.address}/")
    assert ended(start(offered("mobilenet_v3_small", hub.body))).state == "done"


class _Bomb:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("exploded"),))


def _bomb(hub: Hub) -> None:
    hub.body = pickle.dumps(_Bomb())


def _other_network(hub: Hub) -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(3)}, buffer)
    hub.body = buffer.getvalue()


def _truncated(hub: Hub) -> None:
    hub.promised, hub.body = len(hub.body), hub.body[: len(hub.body) // 2]


def _missing(hub: Hub) -> None:
    hub.status = 404


def _refused(hub: Hub) -> None:
    hub.status = 503


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(_bomb, r"-047dcff4\.pth is not a readable weights file", id="pickle bomb"),
        pytest.param(_other_network, r"-047dcff4\.pth has 1 tensors, .* it is another network's", id="another network"),
        pytest.param(_truncated, "broke before the file was complete", id="truncated"),
        pytest.param(_missing, r"does not have the file \(404\)", id="404"),
        pytest.param(_refused, r"refuses to send the file \(503", id="503"),
    ],
)
def test_a_bad_answer_leaves_a_sentence_and_no_file(
    spoil, sentence: str, hub: Hub, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spoil(hub)
    job = ended(start(offered("mobilenet_v3_small", hub.body), hub.address))
    assert job.state == "failed"
    assert re.search(sentence, job.message), job.message
    assert left(cache) == []
    assert not Path("exploded").exists()


def test_a_file_of_another_hash_is_refused(hub: Hub, cache: Path) -> None:
    job = ended(start(replace(offered("mobilenet_v3_small", b""), bytes=1), hub.address))
    assert job.state == "failed"
    assert re.search("damaged or altered.* e3b0c442 was announced", job.message)
    assert left(cache) == []


@pytest.mark.parametrize("status", [200, 404])
def test_a_hub_that_states_another_hash_or_has_no_file(status: int, cache: Path) -> None:
    with serve(Hub(save(_state("mobilenet_v1", "timm")), status=status, stated="0" * 64)) as hub:
        job = ended(start(offered("mobilenet_v1", hub.body), hub.address))
    assert job.state == "failed"
    assert ("00000000 was announced" if status == 200 else "(404)") in job.message
    assert hub.downloads == (status == 200)
    assert left(cache) == []


def test_a_silent_server_is_given_up(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "READ", 0.5)
    hub.after = PIECE
    job = ended(start(offered("mobilenet_v3_small", hub.body), hub.address))
    assert job.state == "failed"
    assert "has sent nothing for" in job.message
    assert left(cache) == []


def test_whatever_hangs_is_given_up_within_ten_seconds(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what has no timeout of its own, like a name server: the state doesn't wait for the thread."""
    assert download.CONNECT < 10 and download.READ < download.PATIENCE < 10
    monkeypatch.setattr(download, "PATIENCE", 0.3)
    hub.after = 0
    job = start(offered("mobilenet_v3_small", hub.body), hub.address)
    assert job.state == "running"
    time.sleep(0.4)
    assert job.state == "failed" and "has sent nothing" in job.message
    hub.go.set()
    ended(job)
    assert downloaded_file("mobilenet_v3_small") is None, "too late"


def test_a_slow_server_is_not_a_silent_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.5)
    hub.piece, hub.pause = len(hub.body) // 4, 0.2
    job = ended(start(offered("mobilenet_v3_small", hub.body), hub.address))
    assert job.state == "done", job.message


def test_no_network_is_a_sentence_within_ten_seconds(cache: Path) -> None:
    with serve(Hub()) as hub:
        nobody = hub.address
    begun = time.monotonic()
    for name in ("mobilenet_v3_small", "mobilenet_v1"):
        job = ended(start(offered(name, b""), nobody))
        assert job.state == "failed"
        assert "There is no connection to 127.0.0.1" in job.message
    assert time.monotonic() - begun < 10
    assert left(cache) == []


@pytest.mark.parametrize("base", ["mirror.example", "http://:x", "ftp://mirror.example"])
def test_a_mirror_that_is_no_address_is_a_sentence(base: str) -> None:
    job = ended(start(offered("mobilenet_v3_small", b""), base))
    assert job.state == "failed"
    assert "must begin with https://" in job.message


def test_cancelling_leaves_nothing_and_a_new_start_succeeds(hub: Hub, cache: Path) -> None:
    hub.after = 4 * PIECE
    weights = offered("mobilenet_v3_small", hub.body)
    job = start(weights, hub.address)
    _until(lambda: job.done >= 4 * PIECE)
    assert 0 < job.fraction < 1
    assert [name.endswith(".pth") and ".part" in name for name in left(cache)] == [True]
    job.cancel()
    assert (job.state, job.message) == ("cancelled", "The download was cancelled.")
    hub.go.set()
    ended(job)
    assert left(cache) == []
    hub.after = None
    again = ended(start(weights, hub.address))
    assert again is not job and again.state == "done"
    again.cancel()
    assert again.state == "done", "what is here stays here"


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_two_viewers_share_one_download(hub: Hub) -> None:
    hub.after = PIECE
    weights = offered("mobilenet_v3_small", hub.body)
    with ThreadPoolExecutor(8) as pool:
        jobs = set(pool.map(lambda _: start(weights, hub.address), range(8)))
    assert jobs == {job_of("mobilenet_v3_small")}
    hub.go.set()
    assert ended(jobs.pop()).state == "done"
    assert hub.downloads == 1


def test_a_full_disk_is_told_before_anything_is_written(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(cache.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=len(hub.body)))
    job = ended(start(offered("mobilenet_v3_small", hub.body), hub.address))
    assert job.state == "failed"
    assert "The disk is too full: the file has 10 MB" in job.message
    assert job.done == 0
    assert left(cache) == []


def test_a_disk_that_becomes_full_is_a_sentence(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def update(self, piece: bytes) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(hashlib, "sha256", Full)
    job = ended(start(published_weights("mobilenet_v3_small"), hub.address))  # type: ignore[arg-type]
    assert job.state == "failed"
    assert job.message.startswith("The disk became full")
    assert left(cache) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(cache: Path) -> None:
    cache.write_text("a file")
    job = ended(start(offered("mobilenet_v3_small", b""), "http://127.0.0.1:1"))
    assert job.state == "failed"
    assert job.message.startswith("The file can't be written")


def test_what_a_killed_process_left_is_swept_up(hub: Hub, cache: Path) -> None:
    cache.mkdir()
    old, young = cache / "a.1.part.pth", cache / "b.2.part.pth"
    for file in (old, young):
        file.touch()
    os.utime(old, (time.time() - ABANDONED - 1,) * 2)
    ended(start(offered("mobilenet_v3_small", hub.body), hub.address))
    assert not old.exists() and young.exists()


def test_the_end_of_the_process_leaves_nothing(hub: Hub, cache: Path) -> None:
    hub.after = PIECE
    code = (
        "import sys, time\n"
        "from explorer.runtime.weights.download import start\n"
        "from explorer.runtime.weights.published import published_weights\n"
        "job = start(published_weights('mobilenet_v3_small'), sys.argv[1])\n"
        "while not job.done: time.sleep(0.01)\n"
        "print(job.state)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, hub.address], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert (done.stdout, done.stderr) == ("running\n", "")
    assert left(cache) == []
