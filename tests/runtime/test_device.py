from __future__ import annotations

import platform
import threading
from pathlib import Path

import pytest
import torch

from explorer.runtime.device import (
    DeviceError,
    best_device,
    configure_threads,
    describe,
    devices,
    forward_slot,
    kind_of,
    resolve,
    run_with_fallback,
    synchronize,
)

CPU = torch.device("cpu")
GPU = torch.device("cuda")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [
        (False, False, ("cpu",)),
        (True, False, ("cuda", "cpu")),
        (False, True, ("mps", "cpu")),
        (True, True, ("cuda", "mps", "cpu")),
    ],
)
def test_devices_come_best_first(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert devices() == expected
    assert best_device() == resolve(None) == torch.device(expected[0])


def test_resolve_knows_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve("cuda") == GPU
    assert resolve("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(DeviceError, match=r"^There is no device 'cuda:2' here; available are cuda, cpu\.$"):
        resolve("cuda:2")


@pytest.mark.parametrize("name", ["cuda", "mps", "cuda:0", "cpu:1", "meta", "tpu", "GPU", "", ":", "cuda:x"])
def test_unknown_devices_are_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=rf"^There is no device '{name}' here; available are cpu\.$"):
        resolve(name)


def test_the_cpu_is_described_with_its_threads() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert describe(CPU).endswith(" (CPU, 2 threads)")
        configure_threads()
        assert describe(CPU).endswith(" (CPU, 1 thread)")
        assert not describe(CPU).startswith(" ")
    finally:
        torch.set_num_threads(before)


def test_the_processor_is_named_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda self: False)
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert describe(CPU).startswith("arm64 (CPU, ")


def test_a_forward_slot_is_in_inference_mode_and_given_back_after_an_error() -> None:
    for _ in range(3):  # one time more than there are slots
        with pytest.raises(ZeroDivisionError), forward_slot():
            assert torch.is_inference_mode_enabled()
            raise ZeroDivisionError
    assert not torch.is_inference_mode_enabled()


def test_two_passes_run_at_a_time_and_no_more() -> None:
    entered, leave = threading.Semaphore(0), threading.Event()

    def work() -> None:
        with forward_slot():
            entered.release()
            leave.wait(10)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert entered.acquire(timeout=5)
    assert entered.acquire(timeout=5)
    assert not entered.acquire(timeout=0.2)
    leave.set()
    assert entered.acquire(timeout=5)
    for thread in threads:
        thread.join()


def test_synchronize_on_the_cpu_returns() -> None:
    synchronize(CPU)


def test_without_a_shortage_the_chosen_device_is_used() -> None:
    assert run_with_fallback(lambda device: f"on {device}", GPU) == ("on cuda", GPU, None)


@pytest.mark.parametrize(
    "shortage",
    [
        torch.OutOfMemoryError("Allocation failed"),
        RuntimeError("MPS backend out of memory"),
    ],
    ids=["OutOfMemoryError", "RuntimeError"],
)
def test_a_shortage_of_memory_moves_the_work_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch, shortage: RuntimeError
) -> None:
    emptied = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append("cuda"))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Small GPU")

    def run(device: torch.device) -> str:
        if device == GPU:
            raise shortage
        assert emptied == ["cuda"]
        return f"on {device}"

    assert run_with_fallback(run, GPU) == (
        "on cpu",
        CPU,
        "There was too little memory on Small GPU (CUDA), so the CPU was used.",
    )


def test_a_shortage_on_mps_empties_its_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    emptied = []
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: emptied.append("mps"))

    def run(device: torch.device) -> str:
        if device.type == "mps":
            raise RuntimeError("MPS backend out of memory (MPS allocated: 1 GiB)")
        return "done"

    result, used, note = run_with_fallback(run, torch.device("mps"))
    assert (result, used, emptied) == ("done", CPU, ["mps"])
    assert note == "There was too little memory on Apple GPU (MPS), so the CPU was used."


@pytest.mark.parametrize(
    ("device", "error"),
    [
        (CPU, torch.OutOfMemoryError("out of memory")),
        (GPU, RuntimeError("sizes do not match")),
        (GPU, ValueError("out of memory")),
    ],
)
def test_other_errors_are_passed_on(device: torch.device, error: Exception) -> None:
    calls = []

    def run(device: torch.device) -> None:
        calls.append(device)
        raise error

    with pytest.raises(type(error)) as raised:
        run_with_fallback(run, device)
    assert raised.value is error
    assert calls == [device]


@needs_gpu
def test_a_real_shortage_gives_the_memory_back() -> None:
    free, _ = torch.cuda.mem_get_info()

    def run(device: torch.device) -> str:
        if device.type == "cuda":
            blocks = [torch.empty(free // 4, dtype=torch.uint8, device=device) for _ in range(5)]
            return str(len(blocks))
        return "done"

    result, used, note = run_with_fallback(run, GPU)
    assert (result, used) == ("done", CPU)
    assert note is not None and torch.cuda.get_device_name() in note
    assert torch.cuda.memory_reserved() < free // 4
    synchronize(GPU)


def test_a_device_in_one_word() -> None:
    assert [kind_of(torch.device(name)) for name in ("cpu", "cuda", "cuda:1", "mps")] == ["CPU", "GPU", "GPU", "GPU"]
