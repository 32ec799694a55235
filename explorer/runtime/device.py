"""Where a network runs: the devices there are, how many passes at a time, what to do when memory runs out."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch

from explorer.runtime.turns import Lane

Result = TypeVar("Result")

# Measured on two cores: two passes at a time, of one thread each, do twice the work of one of two threads.
_PASSES = Lane(2)
_QUICK = Lane(1)  # what takes milliseconds stands behind no pass
_LONG = Lane(1)  # one long work at a time: its passes stand in the queue like anybody's


LANES = {"passes": _PASSES, "quick": _QUICK, "long": _LONG}


class DeviceError(ValueError):
    """A device can't be used; the message is one sentence for the person who chose it."""


def devices() -> tuple[str, ...]:
    """The names of the devices of this machine, best first: of "cuda", "mps", "cpu" those that are there."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    return tuple(name for name, there in available.items() if there)


def best_device() -> torch.device:
    """The first of `devices()`."""
    return torch.device(devices()[0])


def resolve(name: str | None) -> torch.device:
    """The device called `name`: one of `devices()`, or a certain GPU as "cuda:1"; the best one for None.

    Raises:
        DeviceError: there is no such device here; the sentence says which there are.
    """
    if name is None:
        return best_device()
    kind, _, index = name.partition(":")
    if kind in devices() and (not index or (kind == "cuda" and index in _gpu_indices())):
        return torch.device(name)
    raise DeviceError(f"There is no device {name!r} here; available are {', '.join(devices())}.")


def _gpu_indices() -> list[str]:
    return [str(index) for index in range(torch.cuda.device_count())]


def describe(device: torch.device) -> str:
    """The device in words, as "NVIDIA H100 (CUDA)" or "Intel Xeon (CPU, 1 thread)"."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (CUDA)"
    if device.type == "mps":
        return "Apple GPU (MPS)"
    threads = torch.get_num_threads()
    return f"{_processor()} (CPU, {threads} thread{'' if threads == 1 else 's'})"


def kind_of(device: torch.device) -> str:
    """The device in one word: "GPU" or "CPU"."""
    return "CPU" if device.type == "cpu" else "GPU"


def _processor() -> str:
    """The processor's model name; on Linux from /proc/cpuinfo, elsewhere from `platform`."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def configure_threads() -> None:
    """Let each forward pass use one thread; call it once, at the start.

    Several viewers then share the cores through `forward_slot` without their threads competing.
    """
    torch.set_num_threads(1)


@contextmanager
def forward_slot() -> Iterator[None]:
    """Wait for a slot for a forward pass, and hold it, in inference mode, for the block's duration."""
    with _PASSES.place(), torch.inference_mode():
        yield


@contextmanager
def quick_slot() -> Iterator[None]:
    """As `forward_slot`, for what takes milliseconds: it does not wait for passes."""
    with _QUICK.place(), torch.inference_mode():
        yield


@contextmanager
def training_slot() -> Iterator[None]:
    """As `forward_slot`, but with gradients: for a network that nobody else uses."""
    with _PASSES.place(), torch.enable_grad():
        yield


@contextmanager
def long_work() -> Iterator[None]:
    """Wait until no other long work is under way; for seconds of passes, each in a `forward_slot` of its own.

    Nothing short may stand here: it would wait for another viewer's seconds.
    """
    with _LONG.place():
        yield


def synchronize(device: torch.device) -> None:
    """Wait until the device has finished, so that a clock shows the work and not its launch."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def run_with_fallback(
    run: Callable[[torch.device], Result], device: torch.device
) -> tuple[Result, torch.device, str | None]:
    """Run `run(device)`, and where the device has too little memory for it, `run` on the CPU instead.

    `run` must put what it needs (model and input) on the device that it is given.

    Returns:
        its result, the device that was used, and, where that isn't `device`, a sentence that says so.

    Raises:
        whatever `run` raises, except for being out of memory on another device than the CPU.
    """
    try:
        return run(device), device, None
    except RuntimeError as error:
        if device.type == "cpu" or not _out_of_memory(error):
            raise
    # Not in the except block: there, the error's traceback keeps what `run` had allocated.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    cpu = torch.device("cpu")
    return run(cpu), cpu, f"There was too little memory on {describe(device)}, so the CPU was used."


def _out_of_memory(error: RuntimeError) -> bool:
    """CUDA raises OutOfMemoryError; MPS, and CUDA's libraries, a RuntimeError that says it in words."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)
