"""Pictures that people bring: read, checked and made ready to be shown and used."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 20_000_000
FORMATS = ("PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF")

# No picture may take more than about 300 MiB or two seconds while it is decoded. JPEG is decoded at half its size as
# soon as it is large; that does not save memory in other formats, nor in a JPEG file of several scans (progressive),
# which is kept whole until the last. libwebp keeps four copies.
MAX_PIXELS = 50_000_000
MAX_PIXELS_WHOLE = 25_000_000
MAX_PIXELS_WEBP = 16_000_000
LARGE = 12_500_000  # pixels; a picture with more is used at half its size: networks see 331 x 331 at most

# Each scan of a JPEG file goes over the whole picture. Ten are typical.
MAX_SCANS = 500
MAX_SCANNED_PIXELS = 500_000_000

# Chunks of PNG, segments of JPEG, blocks of GIF: millions of empty ones would keep Pillow busy for seconds.
_MAX_SECTIONS = 200_000

# A marker of a JPEG file, without those that stand alone; none of them is in the coded pixels.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9

# One at a time: viewers share one memory.
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


class ImageError(ValueError):
    """A picture can't be used; the message is one sentence for the person who chose it."""


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """A picture ready to be shown and used; equal to any with the same digest, whatever file it came from.

    Attributes:
        image: 8-bit RGB, upright; in its full size, or half of it where it has more than LARGE pixels.
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

    @property
    def cache_key(self) -> str:
        return self.digest


def load_image(source: bytes | Path) -> LoadedImage:
    """Read a picture from a file or from a file's bytes; thread-safe.

    The content decides the format, not the name. Colour profiles are ignored, as in the networks' training.

    Raises:
        ImageError: the file is missing, empty, too large (20 MB; 50 megapixels of JPEG, 16 of WebP, 25 of anything
            else, refused before they are decoded), made to keep a decoder busy, damaged, or not in one of FORMATS.
    """
    data = _read(source)
    scans = _check_sections(data)
    with _pillow_errors(data):
        opened = Image.open(BytesIO(data), formats=FORMATS)
    with opened:
        _check_pixels(opened, scans)
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
        raise ImageError(
            f"The picture has more than {Image.MAX_IMAGE_PIXELS:,} pixels; {_at_most(MAX_PIXELS)}."
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(_unidentified(data)) from error
    except _DAMAGE as error:
        raise ImageError("The picture is damaged or incomplete and can't be read.") from error


def _check_sections(data: bytes) -> int:
    """How many scans a JPEG file has, 0 for other files; refuses files of too many sections. Nothing is decoded."""
    sections: Iterator[int] = iter(())
    if data.startswith(b"\xff\xd8"):
        sections = _jpeg_markers(data)
    elif data.startswith(b"\x89PNG"):
        sections = _png_chunks(data)
    elif data.startswith(b"GIF8"):
        sections = _gif_blocks(data)
    scans = 0
    for count, section in enumerate(sections, 1):
        scans += section == _START_OF_SCAN
        if count > _MAX_SECTIONS:
            raise ImageError(f"The file is cut into more than {_MAX_SECTIONS:,} sections, as no picture is.")
    return scans


def _jpeg_markers(data: bytes) -> Iterator[int]:
    position = 2
    while found := _JPEG_MARKER.search(data, position):
        yield found[0][1]
        if found[0][1] == _END_OF_IMAGE:
            return
        position = found.end() + int.from_bytes(data[found.end() : found.end() + 2])


def _png_chunks(data: bytes) -> Iterator[int]:
    position = 8
    while position < len(data):
        yield 0
        position += 12 + int.from_bytes(data[position : position + 4])


def _gif_blocks(data: bytes) -> Iterator[int]:
    """Extensions, frames, and the blocks of up to 255 bytes in which both are stored."""

    def byte(position: int) -> int:
        return int.from_bytes(data[position : position + 1])  # 0 after the end

    def colours(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    position = 13 + colours(byte(10))
    while (kind := byte(position)) in (0x21, 0x2C):
        yield 0
        position += 2 if kind == 0x21 else 11 + colours(byte(position + 9))
        while length := byte(position):
            yield 0
            position += 1 + length
        position += 1


def _check_pixels(opened: Image.Image, scans: int) -> None:
    """Refuse what would take too much memory or time, going by the file's header."""
    width, height = opened.size
    pixels, several_scans = width * height, scans > 1
    if scans > MAX_SCANS or (several_scans and scans * pixels > MAX_SCANNED_PIXELS):
        most = min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels)
        raise ImageError(f"The JPEG file has {scans:,} scans; at most {most:,} are accepted in this size.")
    limit, kind = MAX_PIXELS, "JPEG"
    if opened.format == "WEBP":
        limit, kind = MAX_PIXELS_WEBP, "WebP"
    elif opened.format != "JPEG" or several_scans:
        limit, kind = MAX_PIXELS_WHOLE, "progressive JPEG" if several_scans else str(opened.format)
    if pixels > limit:
        raise ImageError(f"The picture has {width:,} x {height:,} = {pixels:,} pixels; {_at_most(limit)} in {kind}.")


def _at_most(pixels: int) -> str:
    return f"at most {pixels:,} ({pixels // 10**6} megapixels) are accepted"


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
    width, height = opened.size
    factor = 2 if width * height > LARGE else 1
    if factor > 1:
        notes.append(f"The picture has {width:,} x {height:,} pixels; it is used at half its size.")
        opened.draft(None, (width // factor, height // factor))  # halves JPEG, leaves other formats as they are
    opened.load()
    if opened.size != (width, height):
        factor = 1
    with suppress(*_DAMAGE):  # a damaged EXIF block does not cost the picture
        ImageOps.exif_transpose(opened, in_place=True)
    image = opened
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        image, note = _to_8_bits(image, factor)
        factor = 1
        notes.append(note)
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        if np.asarray(image.getchannel("A")).min() < 255:
            white = Image.new("RGB", image.size, "white")
            white.paste(image, mask=image)
            image = white
            notes.append("Transparent parts were laid on white.")
    if image.mode != "RGB":
        image = image.convert("RGB")
    return image.reduce(factor) if factor > 1 else image, tuple(notes)


def _to_8_bits(image: Image.Image, factor: int) -> tuple[Image.Image, str]:
    """Scale 12- and 16-bit, 32-bit and floating-point grey levels to 0..255, and the picture to a part of its sides.

    Unsigned 12 and 16 bits have a range of their own. The others have none: 0..1 or 0..255 is taken where the
    values fit in, else the range from the smallest to the largest.
    """
    if image.mode.startswith("I;16"):
        tags = getattr(image, "tag_v2", {})
        bits = tags.get(ExifTags.Base.BitsPerSample, (16,))[0]
        low, high = 0.0, 2.0**bits - 1
        image = image.convert("I").reduce(factor)
    else:
        image = image.reduce(factor)
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


def png_bytes(image: Image.Image) -> bytes:
    """`image` as the bytes of a PNG file: lossless, so that what is shown is what the network got."""
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
