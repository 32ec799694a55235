"""Weights that a person brings for a session: read from a file's bytes, within bounds, and checked before use.

Nothing is unpickled but what `weights_only=True` allows, and of that only what a state dict is made of; headers,
pickles and records are measured before they are read. What is here is found by the digest of the file, for as long as a
session holds it: then it is gone.
"""

from __future__ import annotations

import hashlib
import json
import pickletools
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import product
from weakref import WeakValueDictionary

import safetensors.torch
import torch
from torch import Tensor

from explorer.architectures import catalogue, family_of
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Variant
from explorer.runtime.weights.bundled import Bundled, manifest
from explorer.runtime.weights.files import DAMAGE, Shape, WeightsError, tensors_in, unreadable
from explorer.runtime.weights.layouts import (
    CHECK,
    check_values,
    match_shapes,
    pairings,
    shapes,
    shapes_of,
)

MAX_BYTES = 200_000_000
MAX_TOTAL_BYTES = 1_000_000_000  # of all sessions' weights together
MAX_HEADER_BYTES = 1_000_000  # that of DenseNet-264 has 150,000
MAX_PICKLE_BYTES = 2_000_000
MAX_RECORDS = 20_000  # of a zip file
MAX_NAMES_BYTES = 200_000
MAX_NAME_LENGTH = 60  # characters of a class's name
WIDTHS = (0.5, 0.25, 0.125)  # in which a network may come beside its own, as the bundled ones do
PREFIX = "own:"  # before the digest, in `Run.weights`
DIGITS = 24  # of the digest

_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # how files of PyTorch begin that are older than its zip files
# What the pickle of a state dict names. `weights_only=True` allows more, as a bytearray of any length.
_GLOBALS = re.compile(
    r"collections OrderedDict|torch\._utils _rebuild_(tensor_v2|tensor|parameter)|torch (Size|device|\w+Storage|"
    r"b?float\d+|u?int\d+|bool)|torch\.storage \w+Storage|torch\.nn\.parameter Parameter|(__)?builtins?(__)? set"
)
# Signs that Markdown, HTML or Streamlit read as more than signs, and the full-width forms that are shown instead.
_SIGNS = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in "*`[]<>&$~:\\|#@!"} | {ord("_"): " "}


@dataclass(frozen=True, eq=False)
class Upload:
    """Weights of a session.

    Attributes:
        key: what `Run.weights` says: a prefix and the digest of file, variant and classes.
        title: the file's name.
        name: of the variant; `variant`: that with the file's width and number of classes.
        tensors: by our names, float32; a network takes them as they are, without a copy.
        classes: what the outputs are called; empty where nobody has said.
        by_order: nobody knows the names in the file.
    """

    key: str
    title: str
    name: str
    variant: Variant
    tensors: Mapping[str, Tensor] = field(repr=False)
    by_order: bool
    classes: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors.values())

    @property
    def twin(self) -> Bundled | None:
        """The app's own network of the same width and number of classes, if there is one."""
        found = manifest().get(self.name)
        return found if found is not None and found.narrowed(variant_called(self.name)) == self.variant else None

    @property
    def outputs(self) -> int:
        """How many classes the network knows."""
        return int(self.variant.config.num_classes)

    @property
    def sentence(self) -> str:
        """What was made of the file."""
        width = getattr(self.variant.config, "width", 1.0)
        wide = f", {width:g} of the width" if width != 1.0 else ""
        how = f"; the names are unknown: {CHECK}" if self.by_order else ""
        return f"All {len(self.tensors)} tensors fit{wide}, {self.outputs:,} classes{how}."


_here: WeakValueDictionary[str, Upload] = WeakValueDictionary()


def is_upload(weights: str) -> bool:
    return weights.startswith(PREFIX)


def find(weights: str) -> Upload:
    """The upload of this name. Raises WeightsError where no session holds it any more."""
    upload = _here.get(weights)
    if upload is None:
        raise WeightsError("These weights were uploaded in a session that has ended.")
    return upload


def upload(content: bytes, title: str, name: str) -> Upload:
    """Weights for a variant from a file's bytes.

    Raises WeightsError for a file that is too large, damaged, of another network, or that holds what are no weights.
    """
    title = title[-MAX_NAME_LENGTH:]
    digest = hashlib.sha256(b"%s\0" % name.encode())
    digest.update(content)
    tensors = parse(content, title)
    given = {theirs: tuple(tensor.shape) for theirs, tensor in tensors.items()}
    variant, own = _as_given(given, name)
    try:
        layout, names = match_shapes(title, given, name, own)
    except WeightsError as error:
        other = _fitting(given, name)
        raise WeightsError(f"{error} It fits {other.title} ({other.name})." if other else str(error)) from None
    found = {ours: tensors[theirs] for ours, theirs in names.items()}
    total = sum(held.bytes for held in list(_here.values()))
    if total + 4 * sum(tensor.numel() for tensor in found.values()) > MAX_TOTAL_BYTES:
        raise WeightsError("This server holds as many uploaded weights as it can; please try again later.")
    for ours, tensor in found.items():
        if tensor.is_floating_point():
            found[ours] = tensor.to(torch.float32).contiguous()
    check_values(title, found, names)
    return _kept(Upload(PREFIX + digest.hexdigest()[:DIGITS], title, name, variant, found, layout == "order"))


def _kept(new: Upload) -> Upload:
    """The upload, or the equal one that another session holds."""
    return _here.setdefault(new.key, new)


def with_classes(known: Upload, text: bytes) -> Upload:
    """The same weights with names for the classes, one a line. Raises WeightsError for a list of another length."""
    classes = class_list(text)
    if len(classes) != known.outputs:
        raise WeightsError(f"The list has {len(classes):,} names; the network has {known.outputs:,} classes.")
    digest = hashlib.sha256("\n".join((known.key, *classes)).encode()).hexdigest()
    return _kept(replace(known, key=PREFIX + digest[:DIGITS], classes=classes))


def class_list(text: bytes) -> tuple[str, ...]:
    """The names of a list, a name a line, as text that no page can take for markup. Raises WeightsError."""
    if len(text) > MAX_NAMES_BYTES:
        raise WeightsError(f"The list of classes has {len(text):,} bytes; at most {MAX_NAMES_BYTES:,} are accepted.")
    try:
        lines = text.decode("utf-8-sig").rstrip().splitlines()
    except UnicodeDecodeError:
        raise WeightsError("The list of classes is not a text in UTF-8.") from None
    names = tuple(map(_as_text, lines))
    if "" in names:
        raise WeightsError(f"Line {names.index('') + 1} of the list of classes is empty.")
    return names


def _as_text(line: str) -> str:
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in line)
    return " ".join(visible.translate(_SIGNS).split())[:MAX_NAME_LENGTH]


# ---- which network it is -----------------------------------------------------------------------------------


def _as_given(given: Mapping[str, Shape], name: str) -> tuple[Variant, dict[str, Shape]]:
    """The variant with the number of classes and the width of the file, and its shapes; as published if none fits."""
    variant, own = variant_called(name), shapes(name)
    config, classifier = variant.config, list(own)[_classifier(name)]
    for _, names in pairings(given, name):
        outputs = given[names[classifier]][:1]
        for count, width in product({config.num_classes, *outputs}, (config.width, *WIDTHS)):
            try:
                fitting = replace(variant, config=replace(config, width=width, num_classes=count))
                with torch.device("meta"):
                    narrow = shapes_of(fitting.build())
            except (ValueError, RuntimeError):  # a network that can't have so many classes
                continue
            if all(narrow[ours] == given[theirs] for ours, theirs in names.items()):
                return fitting, narrow
    return variant, own


def _classifier(name: str) -> int:
    """The place, among a variant's tensors, of the last whose shape depends on the number of classes."""
    own = shapes(name)
    outputs = variant_called(name).config.num_classes
    return max((i for i, shape in enumerate(own.values()) if shape and shape[0] == outputs), default=len(own) - 1)


def _fitting(given: Mapping[str, Shape], but: str) -> Variant | None:
    """The variant that has exactly these shapes, in whatever order; its own family is asked first."""
    wanted = sorted(given.values())
    family = [variant.name for variant in family_of(but).variants]
    names = [*family, *(name for name in catalogue() if name not in family)]
    return next((variant_called(n) for n in names if n != but and sorted(shapes(n).values()) == wanted), None)


# ---- the bytes ---------------------------------------------------------------------------------------------


def parse(content: bytes, title: str) -> dict[str, Tensor]:
    """The tensors in a file's bytes. The content decides the format, not the name. Raises WeightsError."""
    if len(content) > MAX_BYTES:
        raise WeightsError(
            f"{title} has {len(content) / 1e6:,.0f} MB; at most {MAX_BYTES // 10**6} MB can be uploaded. "
            "Larger files can be put into a folder on the server: see the README."
        )
    try:
        if content.startswith(b"PK"):
            _check_zip(content, title)
            loaded = torch.load(BytesIO(content), "cpu", weights_only=True)
        elif content.startswith(_LEGACY):
            _check_pickles(_legacy_pickles(content), title)
            loaded = torch.load(BytesIO(content), "cpu", weights_only=True)
        else:
            _check_header(content, title)
            loaded = safetensors.torch.load(content)
    except WeightsError:
        raise
    except (*DAMAGE, zipfile.BadZipFile, MemoryError, NotImplementedError) as error:
        raise unreadable(title) from error
    return tensors_in(loaded, title)


def _check_header(content: bytes, title: str) -> None:
    """A file of safetensors begins with the length of its header, and that with a brace."""
    length = int.from_bytes(content[:8], "little")
    if content[8:9] != b"{" or length > len(content) - 8:
        raise unreadable(title)
    if length > MAX_HEADER_BYTES:
        raise WeightsError(f"{title} has a header of {length:,} bytes; at most {MAX_HEADER_BYTES:,} are accepted.")
    header = json.loads(content[8 : 8 + length])
    ends = [e["data_offsets"][1] for name, e in header.items() if name != "__metadata__"]
    if max(ends, default=0) > len(content) - 8 - length:
        raise unreadable(title)


def _check_zip(content: bytes, title: str) -> None:
    """PyTorch's records are stored as they are: packed ones could grow to any size."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        records = archive.infolist()
        total = sum(record.file_size for record in records)
        packed = any(record.compress_type != zipfile.ZIP_STORED for record in records)
        if len(records) > MAX_RECORDS or total > len(content) or packed:
            raise WeightsError(f"{title} is a zip file that would grow when it is unpacked, as none of PyTorch's does.")
        pickles = [record for record in records if record.filename.endswith(".pkl")]
        if any(record.file_size > MAX_PICKLE_BYTES for record in pickles):
            raise WeightsError(f"{title} describes its tensors in more than {MAX_PICKLE_BYTES:,} bytes.")
        _check_pickles((archive.read(record) for record in pickles), title)


def _legacy_pickles(content: bytes) -> Iterator[bytes]:
    """The pickles that an old file begins with: a number, a version, the system, the state dict, its storages."""
    start = 0
    for _ in range(5):
        rest = BytesIO(content[start : start + MAX_PICKLE_BYTES])
        for _ in pickletools.genops(rest):
            pass
        yield content[start : start + rest.tell()]
        start += rest.tell()


def _check_pickles(pickles: Iterator[bytes], title: str) -> None:
    """Refuse a pickle that names more than a state dict does. Nothing of it is executed here."""
    for content in pickles:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name in ("GLOBAL", "INST") and not _GLOBALS.fullmatch(str(argument)):
                raise WeightsError(f"{title} holds something other than tensors, and was not unpacked.")
            if opcode.name in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
                raise WeightsError(f"{title} is pickled in a way that PyTorch does not use, and was not unpacked.")
