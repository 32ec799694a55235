"""Pictures that people bring: read, checked and made ready to be shown and used."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF")

_PIXEL_LIMIT = f"at most {MAX_PIXELS:,} ({MAX_PIXELS // 10**6} megapixels) are accepted."

# One at a time: 50 megapixels take half a gigabyte while they are decoded, and viewers share one memory.
_decoding = Lock()

# What Pillow's decoders raise for broken files, by its documentation or seen when fuzzing them.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    AssertionError,
    EOFError,
    struct.error,
    zlib.error,
)

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(ValueError):
    """A picture can't be used; the message is one sentence for the person who chose it."""


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """A picture ready to be shown and used; equal to any with the same digest, whatever file it came from.

    Attributes:
        image: 8-bit RGB, upright, in its full size.
        digest: SHA-256 of size and pixels, hexadecimal: the same picture has the same digest in any file.
        notes: a sentence for each thing that was changed on the way from the file.
        title: for captions, e.g. "Cat".
    """

    image: Image.Image
    digest: str
    notes: tuple[str, ...]
    title: str = ""

    @classmethod
    def of(cls, image: Image.Image, notes: tuple[str, ...] = ()) -> LoadedImage:
        """An 8-bit RGB image with its digest."""
        digest = hashlib.sha256(b"%dx%d" % image.size)
        digest.update(image.tobytes())
        return cls(image, digest.hexdigest(), notes)

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, LoadedImage) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)


def load_image(source: bytes | Path) -> LoadedImage:
    """Read a picture from a file or from a file's bytes; thread-safe.

    The content decides the format, not the name. Colour profiles are ignored, as in the networks' training.

    Raises:
        ImageError: the file is missing, empty, too large (over 20 MB or 50 megapixels: refused before it is
            decoded), damaged, or not in one of FORMATS.
    """
    data = _read(source)
    with _pillow_errors(data):
        opened = Image.open(BytesIO(data), formats=FORMATS)
    with opened:
        _check_pixels(opened.size)
        with _decoding, _pillow_errors(data):
            image, notes = _decode(opened)
    return LoadedImage.of(image, notes)


def _read(source: bytes | Path) -> bytes:
    """The bytes of `source`, if there are any and not too many."""
    if isinstance(source, bytes):
        data, size = source, len(source)
    else:
        try:
            with source.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            size = max(len(data), source.stat().st_size)
        except OSError as error:
            raise ImageError(f"{source.name or source} can't be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise ImageError(f"The file has {size:,} bytes; at most {MAX_BYTES:,} ({MAX_BYTES // 10**6} MB) are accepted.")
    if size == 0:
        raise ImageError("The file is empty.")
    return data


@contextmanager
def _pillow_errors(data: bytes) -> Iterator[None]:
    """Turn what Pillow raises while reading `data` into an ImageError."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow refuses these in `open`, before their size could be asked: only its own limit is known.
        raise ImageError(f"The picture has more than {Image.MAX_IMAGE_PIXELS:,} pixels; {_PIXEL_LIMIT}") from error
    except UnidentifiedImageError as error:
        raise ImageError(_unidentified(data)) from error
    except _DAMAGE as error:
        raise ImageError("The picture is damaged or incomplete and can't be read.") from error


def _check_pixels(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError(f"The picture has {width:,} x {height:,} = {width * height:,} pixels; {_PIXEL_LIMIT}")


def _unidentified(data: bytes) -> str:
    """The sentence for a file that is none of FORMATS."""
    accepted = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    head = data[:1024].lower()
    if head.startswith(b"%pdf"):
        kind = "a PDF document"
    elif b"<svg" in head:
        kind = "an SVG drawing"
    elif head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"heif", b"mif1", b"msf1"}:
        kind = "a HEIC photo"
    else:
        return f"The file is not a picture in an accepted format ({accepted}), or it is damaged."
    return f"The file is {kind}; please save the picture as {accepted}."


def _decode(opened: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """The first frame of an opened file as upright 8-bit RGB, and notes on what that took."""
    notes = []
    if getattr(opened, "is_animated", False):
        notes.append("The file holds several frames or pages; the first one is used.")
    opened.load()
    image = opened
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        image, note = _to_8_bits(image)
        notes.append(note)
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        if np.asarray(image.getchannel("A")).min() < 255:
            white = Image.new("RGB", image.size, "white")
            white.paste(image, mask=image)
            image = white
            notes.append("Transparent parts were laid on white.")
    image = image.convert("RGB")
    transpose = _TRANSPOSE.get(_orientation(opened))
    return image if transpose is None else image.transpose(transpose), tuple(notes)


def _to_8_bits(image: Image.Image) -> tuple[Image.Image, str]:
    """Scale 12- and 16-bit, 32-bit and floating-point grey levels to 0..255.

    Unsigned 12 and 16 bits have a range of their own. The others have none: 0..1 or 0..255 is taken where the
    values fit in, else the range from the smallest to the largest.
    """
    if image.mode.startswith("I;16"):
        tags = getattr(image, "tag_v2", {})
        bits = tags.get(ExifTags.Base.BitsPerSample, (16,))[0]
        low, high = 0.0, 2.0**bits - 1
        image = image.convert("I")
    else:
        values = np.asarray(image)
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        conventional = [top for top in (1.0, 255.0) if low >= 0 and high <= top]
        if conventional:
            low, high = 0.0, conventional[0]
    scale = 255 / ((high - low) or 1)
    offset = 0.5 - low * scale  # the conversion to L clips and rounds down
    levels = image.point(lambda value: value * scale + offset).convert("L")
    return levels, f"Grey levels from {low:g} to {high:g} were scaled to 8 bits."


def _orientation(opened: Image.Image) -> int:
    """The EXIF orientation of an opened picture, 1 (upright) where its EXIF block is absent or unreadable."""
    try:
        return opened.getexif().get(ExifTags.Base.Orientation, 1)
    except _DAMAGE:
        return 1


def png_bytes(image: Image.Image) -> bytes:
    """`image` as the bytes of a PNG file: lossless, so that what is shown is what the network got."""
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
