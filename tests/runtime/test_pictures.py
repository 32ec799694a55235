from __future__ import annotations

import random
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.runtime.pictures import ImageError, load_image, png_bytes

SAVED_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def picture(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    """A smooth gradient, different along both axes and in each channel."""
    y, x = np.mgrid[:height, :width]
    planes = [x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x + y) * 255 // (width + height)]
    return Image.fromarray(np.stack(planes, axis=2).astype(np.uint8)).convert(mode)


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    """A grey PNG that claims a size, and has no pixels: decoding it first would fail differently."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int, progressive: bool = False) -> bytes:
    """A JPEG file that claims a size; its pixels are those of a small picture."""
    file = bytearray(encoded(picture(), "JPEG", progressive=progressive))
    frame = file.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    file[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(file)


def with_scans(image: Image.Image, scans: int) -> bytes:
    """A progressive JPEG file whose last scan is repeated until it has so many."""
    file = encoded(image, "JPEG", progressive=True)
    last = file.rindex(b"\xff\xda")
    return file[:-2] + file[last:-2] * (scans - file.count(b"\xff\xda")) + file[-2:]


def gif_with_comments(comments: bytes) -> bytes:
    file = encoded(picture(mode="L"), "GIF")
    frame = file.rindex(b"\x2c\0\0\0\0\x28\0\x1e\0")
    return file[:frame] + comments + file[frame:]


def with_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


# --- what is accepted ---


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("size", [(1, 1), (40, 30), (4000, 2), (2, 4000)])
def test_lossless_formats_keep_their_pixels(format: str, size: tuple[int, int]) -> None:
    loaded = load_image(encoded(picture(*size), format))
    assert loaded.image.mode == "RGB"
    assert loaded.notes == ()
    np.testing.assert_array_equal(loaded.image, picture(*size))


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "GIF"])
def test_lossy_formats_stay_close(format: str) -> None:
    assert mean_difference(load_image(encoded(picture(), format)).image, picture()) < 8


@pytest.mark.parametrize(
    ("format", "mode", "tolerance"),
    [
        ("PNG", "L", 0),
        ("PNG", "1", 0),
        ("PNG", "P", 0),
        ("BMP", "1", 0),
        ("TIFF", "CMYK", 1),
        ("TIFF", "YCbCr", 2),
        ("JPEG", "L", 4),
        ("JPEG", "CMYK", 8),
        ("JPEG", "YCbCr", 8),
    ],
)
def test_colour_modes_become_rgb(format: str, mode: str, tolerance: int) -> None:
    original = picture(mode=mode)
    loaded = load_image(encoded(original, format))
    assert loaded.image.mode == "RGB"
    assert mean_difference(loaded.image, original.convert("RGB")) <= tolerance


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bits_are_scaled_by_their_full_range(format: str) -> None:
    values = np.array([[0, 257, 128 * 257], [65535, 255 * 256, 100]], dtype=np.uint16)
    loaded = load_image(encoded(Image.fromarray(values), format))
    np.testing.assert_array_equal(np.asarray(loaded.image)[..., 0], [[0, 1, 128], [255, 254, 0]])
    assert loaded.notes == ("Grey levels from 0 to 65535 were scaled to 8 bits.",)


def test_12_bits_are_scaled_by_their_full_range() -> None:
    """Two values of 12 bits in three bytes: 4095 is white, not a sixteenth of it."""
    width, height, bits, photometric, offset, byte_count = 256, 257, 258, 262, 273, 279
    tags = {width: 2, height: 1, bits: 12, photometric: 1, offset: 8, byte_count: 3}
    long = 4
    directory = struct.pack("<H", len(tags))
    directory += b"".join(struct.pack("<HHII", tag, long, 1, value) for tag, value in tags.items())
    tiff = struct.pack("<2sHI", b"II", 42, 12) + b"\xff\xf8\x00" + b"\0" + directory + bytes(4)
    loaded = load_image(tiff)
    np.testing.assert_array_equal(np.asarray(loaded.image)[..., 0], [[255, 128]])
    assert loaded.notes == ("Grey levels from 0 to 4095 were scaled to 8 bits.",)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),
        (np.array([[0, 100, 200]], np.float32), [0, 100, 200]),
        (np.array([[-3, 0, 3]], np.float32), [0, 128, 255]),
        (np.array([[0, np.nan, np.inf, 1]], np.float32), [0, 0, 255, 255]),
        (np.array([[np.nan, np.nan]], np.float32), [0, 0]),
        (np.array([[-7, -7]], np.float32), [0, 0]),
        (np.array([[0, 7, 255]], np.int32), [0, 7, 255]),
        (np.array([[-1000, 0, 1000]], np.int32), [0, 128, 255]),
        (np.array([[0, 2**31 - 1]], np.int32), [0, 255]),
    ],
)
def test_values_without_a_range_are_scaled_to_fit(values: np.ndarray, expected: list[int]) -> None:
    loaded = load_image(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(np.asarray(loaded.image)[0, :, 0], expected)
    assert len(loaded.notes) == 1


def transparent(mode: str) -> Image.Image:
    """The left half is opaque black, the right half transparent black."""
    image = Image.new("RGBA", (8, 4), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (4, 0, 8, 4))
    return image.convert(mode)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(encoded(transparent("RGBA"), "PNG"), id="PNG RGBA"),
        pytest.param(encoded(transparent("LA"), "PNG"), id="PNG LA"),
        pytest.param(encoded(transparent("RGBA"), "WEBP", lossless=True), id="WebP"),
        pytest.param(encoded(transparent("RGBA"), "TIFF"), id="TIFF"),
        pytest.param(encoded(transparent("RGBA"), "GIF"), id="GIF"),
        pytest.param(encoded(transparent("RGBA").quantize(4), "PNG"), id="PNG palette"),
    ],
)
def test_transparency_is_laid_on_white(file: bytes) -> None:
    loaded = load_image(file)
    assert loaded.image.getpixel((0, 0)) == (0, 0, 0)
    assert loaded.image.getpixel((7, 3)) == (255, 255, 255)
    assert loaded.notes == ("Transparent parts were laid on white.",)


def test_an_opaque_alpha_channel_is_no_transparency() -> None:
    assert load_image(encoded(picture(mode="RGBA"), "PNG")).notes == ()


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_is_used(format: str) -> None:
    frames = [Image.new("RGB", (9, 7), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    loaded = load_image(encoded(frames[0], format, save_all=True, append_images=frames[1:], **options))
    assert loaded.image.getpixel((4, 3)) == (255, 0, 0)
    assert loaded.notes == ("The file holds several frames or pages; the first one is used.",)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(format: str, orientation: int) -> None:
    """Where the stored picture's white corner (top left) has to appear, by the EXIF standard."""
    stored = Image.new("L", (64, 32))
    stored.paste(255, (0, 0, 16, 16))
    loaded = load_image(encoded(stored.convert("RGB"), format, exif=with_exif(orientation))).image
    pixels = np.asarray(loaded)[..., 0] > 127
    clockwise = [pixels[4, 4], pixels[4, -4], pixels[-4, -4], pixels[-4, 4]]
    assert [place for place, white in enumerate(clockwise) if white] == [(orientation - 1) % 4]
    assert loaded.size == ((64, 32) if orientation <= 4 else (32, 64))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"exif": b"Exif\0\0not a directory"}, id="EXIF is text"),
        pytest.param({"exif": b"Exif\0\0II*\0\xff\xff\xff\x7f"}, id="EXIF points outside"),
        pytest.param({"exif": b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"}, id="EXIF ends early"),
        pytest.param({"icc_profile": b"not a profile"}, id="ICC is text"),
    ],
)
def test_broken_metadata_does_not_cost_the_picture(format: str, options: dict[str, bytes]) -> None:
    assert load_image(encoded(picture(), format, **options)).image.size == (40, 30)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(picture(), "PNG"))
    np.testing.assert_array_equal(load_image(path).image, picture())


def test_the_digest_is_of_the_pixels() -> None:
    wide, tall = Image.new("RGB", (4, 2)), Image.new("RGB", (2, 4))
    digests = {
        name: load_image(encoded(image, format)).digest
        for name, image, format in [
            ("png", picture(), "PNG"),
            ("bmp", picture(), "BMP"),
            ("other", picture(41), "PNG"),
            ("wide", wide, "PNG"),
            ("tall", tall, "PNG"),
        ]
    }
    assert digests["png"] == digests["bmp"]
    assert len(set(digests.values())) == 4
    assert len(digests["png"]) == 64


# --- what is refused, in words ---

HEIC = struct.pack(">I4s4s", 24, b"ftyp", b"heic") + bytes(40)
ACCEPTED = "PNG, JPEG, WebP, GIF, BMP or TIFF"
UNKNOWN = rf"^The file is not a picture in an accepted format \({ACCEPTED}\), or it is damaged\.$"
SAVE_AS = rf"please save the picture as {ACCEPTED}\.$"
AT_MOST = r"at most 50,000,000 \(50 megapixels\) are accepted\.$"


def at_most(megapixels: int, kind: str) -> str:
    return rf"pixels; at most {megapixels},000,000 \({megapixels} megapixels\) are accepted in {kind}\.$"


SECTIONS = r"^The file is cut into more than 200,000 sections, as no picture is\.$"
DAMAGED = r"^The picture is damaged or incomplete and can't be read\.$"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        pytest.param(b"", r"^The file is empty\.$", id="empty"),
        pytest.param(b"hello, world\n" * 20, UNKNOWN, id="text"),
        pytest.param(bytes(1000), UNKNOWN, id="zeros"),
        pytest.param(b"\x89PNG\r\n\x1a\n", UNKNOWN, id="signature only"),
        pytest.param(encoded(picture(), "PPM"), UNKNOWN, id="PPM"),
        pytest.param(encoded(picture(), "ICO"), UNKNOWN, id="ICO"),
        pytest.param(b"%PDF-1.7\n%...", r"^The file is a PDF document; " + SAVE_AS, id="PDF"),
        pytest.param(
            b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
            r"^The file is an SVG drawing; " + SAVE_AS,
            id="SVG",
        ),
        pytest.param(HEIC, r"^The file is a HEIC photo; " + SAVE_AS, id="HEIC"),
        *(
            pytest.param(encoded(picture(), format)[:-40], DAMAGED, id=f"truncated {format}")
            for format in SAVED_FORMATS
        ),
        pytest.param(
            png_header(100, 100)[:33] + png_chunk(b"IDAT", b"not deflate") + png_chunk(b"IEND", b""),
            DAMAGED,
            id="broken stream",
        ),
        pytest.param(
            png_header(5_000, 5_001),
            r"^The picture has 5,000 x 5,001 = 25,005,000 " + at_most(25, "PNG"),
            id="26 megapixels of PNG",
        ),
        pytest.param(png_header(1, 50_000_000), at_most(25, "PNG"), id="50 megapixels in a line"),
        pytest.param(jpeg_of_size(10_000, 5_001), at_most(50, "JPEG"), id="51 megapixels of JPEG"),
        pytest.param(
            jpeg_of_size(5_000, 5_001, progressive=True),
            at_most(25, "progressive JPEG"),
            id="26 megapixels of progressive JPEG",
        ),
        pytest.param(
            encoded(Image.new("RGB", (4_000, 4_001)), "WEBP", lossless=True),
            at_most(16, "WebP"),
            id="17 megapixels of WebP",
        ),
        pytest.param(with_scans(picture(1_200, 1_000), 501), r"^The JPEG file has 501 scans; at most 416 ", id="scans"),
        pytest.param(with_scans(picture(), 501), r"^The JPEG file has 501 scans; at most 500 ", id="scans, small"),
        pytest.param(png_header(9, 9)[:33] + png_chunk(b"abCd", b"") * 200_001, SECTIONS, id="chunks"),
        pytest.param(b"\xff\xd8" + b"\xff\xfe\x00\x02" * 200_001, SECTIONS, id="segments"),
        pytest.param(gif_with_comments(b"!\xfe\x00" * 200_001), SECTIONS, id="comments"),
        pytest.param(gif_with_comments(b"!\xfe" + b"\x01a" * 200_001 + b"\0"), SECTIONS, id="one long comment"),
        pytest.param(
            png_header(60_000, 60_000),
            r"^The picture has more than [\d,]+ pixels; " + AT_MOST,
            id="decompression bomb",
        ),
        pytest.param(
            b"\x89PNG" + bytes(20_000_000),
            r"^The file has 20,000,004 bytes; at most 20,000,000 \(20 MB\) are accepted\.$",
            id="over 20 MB",
        ),
    ],
)
def test_unusable_files_are_refused_with_a_sentence(file: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=sentence):
        load_image(file)
    path = tmp_path / "file.png"
    path.write_bytes(file)
    with pytest.raises(ImageError, match=sentence):
        load_image(path)


@pytest.mark.filterwarnings("error")
def test_a_large_picture_is_refused_also_where_pillow_warns() -> None:
    with pytest.raises(ImageError, match=AT_MOST):
        load_image(png_header(10_000, 10_000))


def test_large_pictures_are_not_refused_for_their_size() -> None:
    with pytest.raises(ImageError, match=DAMAGED):  # the header's size passes, the missing pixels don't
        load_image(png_header(5_000, 5_000))
    assert load_image(jpeg_of_size(10_000, 5_000)).image.size == (5_000, 2_500)  # Pillow fills what is missing


@pytest.mark.parametrize(
    ("format", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("PNG", "RGB", {"compress_level": 1}),
        ("WEBP", "RGB", {"method": 0}),
        ("TIFF", "L", {"compression": "tiff_adobe_deflate"}),
    ],
)
def test_large_pictures_are_used_at_half_their_size(format: str, mode: str, options: dict[str, Any]) -> None:
    image = picture(180, 175, mode).resize((3_601, 3_500))
    loaded = load_image(encoded(image, format, **options))
    assert loaded.image.size == (1_801, 1_750)
    assert loaded.notes == ("The picture has 3,601 x 3,500 pixels; it is used at half its size.",)
    assert mean_difference(loaded.image.resize((180, 175)), picture(180, 175, mode).convert("RGB")) < 2


def test_large_pictures_of_16_bits_too() -> None:
    values = np.full((3_600, 3_500), 32_768, dtype=np.uint16)
    loaded = load_image(encoded(Image.fromarray(values), "PNG", compress_level=1))
    assert loaded.image.size == (1_750, 1_800)
    assert np.unique(np.asarray(loaded.image)).tolist() == [128]
    assert len(loaded.notes) == 2


def test_large_pictures_stand_upright_and_as_they_should() -> None:
    stored = Image.new("RGB", (4_000, 3_200))
    stored.paste("white", (0, 0, 2_000, 1_600))
    loaded = load_image(encoded(stored, "JPEG", exif=with_exif(6))).image
    assert loaded.size == (1_600, 2_000)
    assert [loaded.getpixel(corner)[0] > 127 for corner in ((9, 9), (1_590, 9))] == [False, True]


@pytest.mark.parametrize("scans", [10, 416])
def test_scans_within_the_bound_are_read(scans: int) -> None:
    image = picture(1_200, 1_000)
    loaded = load_image(with_scans(image, scans)).image
    assert mean_difference(loaded, image) < 8


def test_scans_are_counted_in_the_picture_and_not_in_its_thumbnail_or_comments() -> None:
    inner = with_scans(picture(), 600)
    file = encoded(picture(), "JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", len(inner[:60_000]) + 2) + inner[:60_000]
    assert load_image(file[:2] + comment + file[2:] + inner).image.size == (40, 30)
    hidden = b"\xff\xfe\x00\x04\xff\xd9"  # a comment that looks like the end
    many = with_scans(picture(), 600)
    last = many.rindex(b"\xff\xda", 0, 5_000)
    with pytest.raises(ImageError, match="600 scans"):
        load_image(many[:last] + hidden + many[last:])


@pytest.mark.parametrize("size", [(1, 65_535), (65_535, 1), (1, 20_000_000)])
def test_pictures_one_pixel_wide_are_read(size: tuple[int, int]) -> None:
    factor = 2 if max(size) > 12_500_000 else 1
    loaded = load_image(encoded(Image.new("L", size), "PNG", compress_level=1))
    assert loaded.image.size == tuple(-(-side // factor) for side in size)


MEASURE = """
import sys, time
from pathlib import Path
from explorer.runtime.pictures import load_image
from explorer.runtime.samples import sample

def peak():  # bytes
    if sys.platform == "win32":
        import psutil
        return psutil.Process().memory_info().peak_wset
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

load_image(sample("cat").path)
before = peak()
start = time.process_time()
load_image(Path(sys.argv[1]))
print((peak() - before) / 2**20, time.process_time() - start)
"""


@pytest.mark.parametrize(
    ("format", "mode", "side", "options"),
    [
        ("JPEG", "RGB", 7_071, {}),
        ("JPEG", "RGB", 5_000, {"progressive": True, "subsampling": 0}),
        ("PNG", "RGBA", 5_000, {"compress_level": 1}),
        ("PNG", "I;16", 5_000, {"compress_level": 1}),
        ("WEBP", "RGBA", 4_000, {"method": 0, "quality": 10}),
        ("TIFF", "F", 5_000, {"compression": "tiff_adobe_deflate"}),
        ("TIFF", "CMYK", 5_000, {"compression": "tiff_adobe_deflate"}),
    ],
)
def test_the_largest_pictures_take_300_mebibytes_and_two_seconds_at_most(
    format: str, mode: str, side: int, options: dict[str, Any], tmp_path: Path, repo_root: Path
) -> None:
    file = tmp_path / "large"
    Image.new(mode, (side, side), 0 if mode != "RGBA" else (9, 9, 9, 128)).save(file, format, **options)
    command = [sys.executable, "-c", MEASURE, str(file)]
    output = subprocess.run(command, cwd=repo_root, capture_output=True, text=True, check=True).stdout
    mebibytes, seconds = map(float, output.split())
    assert mebibytes < 300
    assert seconds < 2


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_unreadable_paths_are_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"can't be read: .+\.$"):
        load_image(tmp_path / name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format", SAVED_FORMATS)
def test_any_damage_gives_a_picture_or_an_image_error(format: str) -> None:
    options: dict[str, Any] = {} if format in {"GIF", "BMP"} else {"exif": with_exif(6)}
    if format in {"GIF", "PNG", "TIFF", "WEBP"}:
        options |= {"save_all": True, "append_images": [picture(40, 30).rotate(90)]}
    file = encoded(picture(), format, **options)
    chance = random.Random(format)
    refused = 0
    for _ in range(400):
        damaged = bytearray(file)
        if chance.random() < 0.25:
            del damaged[chance.randrange(len(damaged)) :]
        for _ in range(chance.choice((1, 2, 8)) if damaged else 0):
            # Half of the hits go to the headers, at either end of the file.
            span = min(len(damaged), chance.choice((100, len(damaged))))
            damaged[chance.choice((1, -1)) * chance.randrange(span)] = chance.choice((0, 1, 127, 255))
        try:
            assert load_image(bytes(damaged)).image.mode == "RGB"
        except ImageError:
            refused += 1
    assert 0 < refused < 400


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_palette_picture_without_palette_is_refused() -> None:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 3, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"\0\0")) + png_chunk(b"IEND", b"")
    with pytest.raises(ImageError, match=DAMAGED):
        load_image(b"\x89PNG\r\n\x1a\n" + body)


def test_eight_threads_load_at_the_same_time() -> None:
    files = [encoded(picture(40 + i, 30), format) for i in range(10) for format in SAVED_FORMATS]
    files += [encoded(picture(), "JPEG")[:300], b"nothing"]

    def outcome(file: bytes) -> str:
        try:
            return load_image(file).digest
        except ImageError as error:
            return str(error)

    expected = [outcome(file) for file in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, files * 5)) == expected * 5


def test_png_bytes_are_lossless() -> None:
    np.testing.assert_array_equal(Image.open(BytesIO(png_bytes(picture()))), picture())
