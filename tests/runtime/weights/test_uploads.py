"""What a session uploads: taken into the variant, refused in words, and gone with the session."""

from __future__ import annotations

import gc
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save
from torch import Tensor

from explorer.architectures import variant
from explorer.runtime.weights import uploads
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.files import WeightsError
from explorer.runtime.weights.network import load_network, preprocessing_of
from explorer.runtime.weights.uploads import MAX_BYTES, find, upload, with_classes

NAME = "resnet20_cifar"
State = dict[str, Tensor]


def saved(state: object, modern: bool = True, **more: Any) -> bytes:
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=modern, **more)
    return file.getvalue()


@pytest.fixture(scope="module")
def own() -> State:
    torch.manual_seed(2)
    return variant(NAME).build().state_dict()


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(saved, id="zip"),
        pytest.param(lambda state: saved(state, modern=False), id="legacy"),
        pytest.param(save, id="safetensors"),
        pytest.param(lambda state: saved({"state_dict": state, "epoch": 7, "lr": [0.1]}), id="checkpoint"),
        pytest.param(lambda state: saved({f"module.{n}": t.half() for n, t in state.items()}), id="half, module."),
    ],
)
def test_each_format_is_taken_and_its_tensors_are_the_networks(write: Callable[[State], bytes], own: State) -> None:
    mine = upload(write(own), "mine.bin", NAME)
    assert find(mine.key) is mine
    network = load_network(variant(NAME), mine.key)
    loaded = network.model.state_dict()
    for name, tensor in mine.tensors.items():
        assert loaded[name].data_ptr() == tensor.data_ptr()  # no second copy
        assert torch.allclose(tensor, own[name], atol=1e-3)
    assert network.classes == tuple(f"class {i}" for i in range(10))
    assert not any(parameter.requires_grad for parameter in network.model.parameters())


def test_another_number_of_classes_and_another_width_are_the_files() -> None:
    fine_tuned = upload(saved(variant("resnet18").build(width=0.25, num_classes=7).state_dict()), "x.pth", "resnet18")
    assert (fine_tuned.variant.config.width, fine_tuned.outputs) == (0.25, 7)
    network = load_network(variant("resnet18"), fine_tuned.key)
    assert len(network.classes) == 7 and network.variant == fine_tuned.variant


def test_a_bundled_networks_file_is_prepared_for_and_named_as_that_network() -> None:
    bundled = manifest()["resnet34"]
    mine = upload(bundled.path.read_bytes(), bundled.file, "resnet34")
    network = load_network(variant("resnet34"), mine.key)
    assert network.classes == bundled.classes
    assert preprocessing_of(variant("resnet34"), mine.key) == bundled.preprocessing
    assert network.variant == bundled.narrowed(variant("resnet34"))


class _Bomb:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("exploded"),))


class _Large:
    def __reduce__(self) -> tuple:
        return (bytearray, (50_000_000_000,))


def header(entries: dict[str, Any], length: int | None = None, data: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def packed(content: bytes) -> bytes:
    """The same records, and one that grows from nothing."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for record in old.infolist():
            new.writestr(record.filename, old.read(record))
        new.writestr("archive/data/999", bytes(20_000_000))
    return file.getvalue()


EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
BAD = {
    "text": (lambda own: b"hello, world\n" * 100, "is not a readable weights file"),
    "empty": (lambda own: b"", "is not a readable weights file"),
    "code": (lambda own: pickle.dumps(_Bomb()), "is not a readable weights file"),
    "code in a zip": (lambda own: saved({"a": _Bomb()}), "something other than tensors, and was not unpacked"),
    "code in an old file": (lambda own: saved({"a": _Bomb()}, modern=False), "and was not unpacked"),
    "fifty gigabytes in a zip": (lambda own: saved({"a": _Large()}), "and was not unpacked"),
    "fifty gigabytes in an old file": (lambda own: saved({"a": _Large()}, modern=False), "and was not unpacked"),
    "protocol 4": (lambda own: saved({"a": _Bomb()}, pickle_protocol=4), "in a way that PyTorch does not use"),
    "truncated zip": (lambda own: saved(own)[:100_000], "is not a readable weights file"),
    "truncated old file": (lambda own: saved(own, modern=False)[:100_000], "is not a readable weights file"),
    "truncated safetensors": (lambda own: save(own)[:100_000], "is not a readable weights file"),
    "a zip that grows": (lambda own: packed(saved(own)), "would grow when it is unpacked"),
    "65,535 names": (
        lambda own: header({f"{i:x}": EMPTY for i in range(65_535)}),
        r"has a header of [\d,]+ bytes; at most 1,000,000",
    ),
    "an absurd header": (lambda own: header({"a": EMPTY}, length=2**63), "is not a readable weights file"),
    "a nested header": (lambda own: b"\xff\x7f\0\0\0\0\0\0{" + b'"a":{' * 20_000, "is not a readable weights file"),
    "offsets outside": (
        lambda own: header({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
        "is not a readable weights file",
    ),
    "no tensors": (lambda own: saved({"lr": 0.1}), "something other than a dictionary of tensors"),
    "whole numbers": (
        lambda own: saved(own | {"stem.conv.weight": torch.ones(16, 3, 3, 3, dtype=torch.int64)}),
        "holds int64 in stem.conv.weight",
    ),
    "NaN": (lambda own: saved(own | {"stem.bn.bias": torch.full((16,), torch.nan)}), r"stem\.bn\.bias .*NaN"),
    "an expanded shape": (
        lambda own: saved(own | {"stem.conv.weight": torch.ones(1).expand(10**12)}),
        r"stem\.conv\.weight is \(1000000000000,\), stem\.conv\.weight must be \(16, 3, 3, 3\)",
    ),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_told(name: str, own: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(uploads, "_fitting", lambda *_: None)  # tested below
    make, sentence = BAD[name]
    with pytest.raises(WeightsError, match=sentence) as refused:
        upload(make(own), "mine.pth", NAME)
    assert len(str(refused.value)) < 400
    assert not Path("exploded").exists()


def test_a_file_of_201_mb_is_refused_unread() -> None:
    with pytest.raises(WeightsError, match=r"has 201 MB; at most 200 MB"):
        upload(bytes(201_000_000), "big.pth", NAME)
    assert MAX_BYTES == 200_000_000


def test_the_variant_that_fits_is_named(own: State) -> None:
    with pytest.raises(WeightsError, match=rf"needs \d+.*It fits .*{NAME}\)"):
        upload(saved(own), "mine.pth", "resnet32_cifar")


def test_names_of_classes_are_text_and_as_many_as_outputs(own: State) -> None:
    mine = upload(saved(own), "mine.pth", NAME)
    text = "\ufeffgolden_retriever\r\n**bold** :red[x]\n<b>cat</b> $x$\n" + "\n".join("defghij") + "\n\n"
    named = with_classes(mine, text.encode())
    assert named.key != mine.key and named.tensors is mine.tensors
    assert named.classes[0] == "golden retriever"
    assert not set("".join(named.classes)) & set("*_<>[]`$:&\\")
    assert load_network(variant(NAME), named.key).classes == named.classes
    for wrong, sentence in (
        (b"a\nb\n", "The list has 2 names; the network has 10 classes"),
        (b"", "The list has 0 names"),
        (b"a\n\nb", "Line 2 of the list of classes is empty"),
        (b"\xff\xfe\x00", "is not a text in UTF-8"),
        (b"a" * 300_000, "at most 200,000"),
    ):
        with pytest.raises(WeightsError, match=sentence):
            with_classes(mine, wrong)


def test_what_no_session_holds_is_gone(own: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state = own | {"head.fc.bias": torch.arange(10.0)}  # a file that no other test holds
    mine = upload(saved(state), "mine.pth", NAME)
    same = upload(saved(state), "mine.pth", NAME)
    assert mine is same
    key = mine.key
    monkeypatch.setattr(uploads, "MAX_TOTAL_BYTES", mine.bytes + 1000)
    with pytest.raises(WeightsError, match="holds as many uploaded weights as it can"):
        upload(saved(own), "other.pth", NAME)
    del mine, same
    gc.collect()
    with pytest.raises(WeightsError, match="a session that has ended"):
        find(key)
