"""The presenter's side of a room: files, the address, the right that a tab keeps."""

from __future__ import annotations

import csv
import io

from explorer.hall.rooms import Result
from explorer.ui import room


def test_results_are_a_table_in_which_no_text_is_a_formula() -> None:
    results = [
        Result("=1+1", ("a, b", "+c"), (3, 4), 1, 1, "2026-11-30T10:00:00+00:00"),
        Result("Own?", ("x", "y"), (0, 0), None, 2, "2026-11-30T10:05:00+00:00"),
    ]
    rows = list(csv.reader(io.StringIO(room.csv_of(results))))
    assert rows[1][1:] == ["1", "'=1+1", "a, b", "3", "no"]
    assert rows[2][3:] == ["'+c", "4", "yes"]
    assert [row[5] for row in rows[3:]] == ["", ""]


def test_a_qr_code_is_a_square_picture() -> None:
    from PIL import Image

    picture = Image.open(io.BytesIO(room.qr_code("http://example.org/hall/ABCD")))
    assert picture.width == picture.height > 200
