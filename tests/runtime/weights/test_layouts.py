"""Files whose names nobody knows: matched by order where the shapes agree, told in words where they do not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from explorer.architectures import variant
from explorer.cli import main
from explorer.runtime.weights.files import WeightsError
from explorer.runtime.weights.folder import local_file
from explorer.runtime.weights.layouts import load_published
from explorer.runtime.weights.network import load_network

NAME = "resnet20_cifar"
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def own() -> State:
    """A state dict of ours in which every tensor is another one."""
    torch.manual_seed(1)
    state = variant(NAME).build().state_dict()
    return {name: torch.rand(t.shape) if t.is_floating_point() else t for name, t in state.items()}


def renamed(own: State) -> State:
    """As somebody else calls them: the same order, no name in common, and BN's counter under another one, too."""
    modules = {module: f"net{i}" for i, module in enumerate(dict.fromkeys(n.rpartition(".")[0] for n in own))}
    counter = {"num_batches_tracked": "batches"}
    return {
        f"{modules[module]}.{counter.get(end, end)}": tensor
        for name, tensor in own.items()
        for module, _, end in [name.rpartition(".")]
    }


def sorted_within_modules(own: State) -> State:
    """Each module's tensors in the order of the alphabet: BN's bias comes first, its weight last."""
    state = renamed(own)
    order = list(dict.fromkeys(name.rpartition(".")[0] for name in state))
    return {name: state[name] for name in sorted(state, key=lambda n: (order.index(n.rpartition(".")[0]), n))}


def of_tensorflow(own: State) -> State:
    names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    return {
        f"{path}.{names[end] if '.bn' in path or 'bn.' in path else end}": tensor
        for name, tensor in sorted_within_modules(own).items()
        for path, _, end in [name.rpartition(".")]
    }


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(renamed, id="other names"),
        pytest.param(sorted_within_modules, id="sorted within modules"),
        pytest.param(lambda own: {f"module.{n}": t for n, t in own.items()}, id="module."),
        pytest.param(lambda own: {f"module.net.{n}": t for n, t in own.items()}, id="two wrappers"),
        pytest.param(lambda own: {"state_dict": renamed(own), "epoch": 3}, id="state_dict"),
        pytest.param(lambda own: {"model": own, "optimizer": {"lr": 0.1}}, id="model"),
        pytest.param(lambda own: {n: t.half() for n, t in renamed(own).items()}, id="half"),
        pytest.param(lambda own: {n: t.double() for n, t in renamed(own).items()}, id="double"),
    ],
)
def test_each_tensor_finds_its_place(given: Callable[[State], object], own: State, tmp_path: Path) -> None:
    torch.save(given(own), tmp_path / "mine.pth")
    model = variant(NAME).build()
    load_published(model, tmp_path / "mine.pth", NAME)
    loaded = model.state_dict()
    assert all(torch.allclose(loaded[n], own[n], atol=1e-3) for n in own if not n.endswith("num_batches_tracked"))


def test_safetensors_keep_no_order_but_2_comes_before_10(own: State, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    save_file(renamed(own), file)
    model = variant(NAME).build()
    assert load_published(model, file, NAME) == "order"
    loaded = model.state_dict()
    assert all(torch.equal(loaded[n], own[n]) for n in own if not n.endswith("num_batches_tracked"))
    save_file({f"{'bn' if t.ndim == 1 else 'conv'}{n}": t for n, t in renamed(own).items()}, file)
    with pytest.raises(WeightsError, match=r"in the alphabet's order.*torch\.save"):
        load_published(model, file, NAME)


def altered(own: State, position: int, change: Callable[[Tensor], Tensor]) -> State:
    state = renamed(own)
    name = [n for n, t in state.items() if t.ndim][position]
    return state | {name: change(state[name])}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(
            lambda own: altered(own, 5, lambda t: t[:3]),
            r"net2\.weight is \(3, 16, 3, 3\), conv2_x\.0\.conv1\.weight must be \(16, 16, 3, 3\)",
            id="shape",
        ),
        pytest.param(
            lambda own: dict(list(renamed(own).items())[6:]),
            r"has 92 tensors, resnet20_cifar needs 97.*net2\.weight, \(16, 16, 3, 3\), .* \(16, 3, 3, 3\)",
            id="too few",
        ),
        pytest.param(
            lambda own: renamed(own) | {"aux.weight": torch.ones(3)},
            r"has 98 tensors, resnet20_cifar needs 97",
            id="too many",
        ),
        pytest.param(
            lambda own: altered(own, 7, lambda t: t * torch.nan), r"net3\.bias that are none \(NaN\)", id="NaN"
        ),
        pytest.param(lambda own: altered(own, 9, torch.neg), r"net3\.running_var.*variance", id="variance"),
        pytest.param(
            lambda own: altered(own, 5, lambda t: t.to(torch.int8)), r"holds int8 in net2\.weight", id="quantized"
        ),
        pytest.param(
            lambda own: {
                ("x" * 5000 if n == "net2.weight" else n): t for n, t in altered(own, 5, lambda t: t[1:]).items()
            },
            r"\.pth does not fit resnet20_cifar: x{100}… is \(15",
            id="a long name",
        ),
    ],
)
def test_the_first_that_differs_is_told(
    make: Callable[[State], State], sentence: str, own: State, tmp_path: Path
) -> None:
    torch.save(make(own), tmp_path / "mine.pth")
    model = variant(NAME).build()
    before = {n: t.clone() for n, t in model.state_dict().items()}
    with pytest.raises(WeightsError, match=sentence):
        load_published(model, tmp_path / "mine.pth", NAME)
    assert all(torch.equal(t, before[n]) for n, t in model.state_dict().items())


def test_a_network_says_that_it_was_matched_by_order(
    own: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"{NAME}.pth"
    torch.save(renamed(own), file)
    network = load_network(variant(NAME), str(file))
    assert network.by_order and network.classes == tuple(f"class {i}" for i in range(10))
    assert main(["predict", NAME, "--image", "coffee", "--weights", str(file)]) == 0
    said = capsys.readouterr()
    assert re.search(rf"{NAME}\.pth, matched by order: check one prediction", said.err)
    assert len(said.out.splitlines()) == 6
    monkeypatch.setenv("EXPLORER_WEIGHTS", str(tmp_path))
    found = local_file(NAME)
    assert found is not None and found.layout == "order" and "check one prediction" in str(found)
    torch.save(own, file)
    assert not load_network(variant(NAME), str(file)).by_order
