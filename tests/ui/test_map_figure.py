"""Maps in a Plotly figure: what lies where, and in which colours."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.runtime.colormaps import DIVERGING, SEQUENTIAL
from explorer.ui.map_figure import colour_scale, heat, legend, limits, tiles

MAPS = np.arange(5 * 4 * 3, dtype=np.float32).reshape(5, 4, 3)


@pytest.mark.parametrize(("signed", "table"), [(False, SEQUENTIAL), (True, DIVERGING)])
def test_the_colours_are_those_of_the_grid_of_maps(signed: bool, table: np.ndarray) -> None:
    scale = colour_scale(signed)
    assert [position for position, _ in scale] == pytest.approx(np.linspace(0, 1, 256))
    assert [colour for _, colour in scale] == ["rgb({},{},{})".format(*colour) for colour in table]


def test_zero_is_neutral_where_there_are_negative_values() -> None:
    assert limits(0.5, 3.0) == (0.5, 3.0)
    assert limits(-1.0, 3.0) == (-3.0, 3.0)
    (shown,) = heat(MAPS[0] - 2, False, (-2.0, 9.0)).data
    assert (shown.zmin, shown.zmax) == (-9.0, 9.0)
    assert shown.colorscale == tuple(colour_scale(True))


def test_the_legend_names_the_first_and_the_last_value_and_zero_between() -> None:
    assert legend(0.0, 2.0)["ticktext"] == ["0", "2"]
    assert legend(-2.0, 2.0)["ticktext"] == ["-2", "0", "2"]


def test_the_first_row_is_on_top_and_values_are_squares() -> None:
    figure = heat(MAPS[0], False, (0.0, 11.0))
    assert np.array_equal(figure.data[0].z, MAPS[0])
    assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((-0.5, 2.5), (3.5, -0.5))
    assert figure.layout.yaxis.scaleanchor == "x"


def test_tiles_hold_every_value_once_under_their_titles() -> None:
    titles = [f"#{i}<br>second line" for i in range(5)]
    figure = tiles(MAPS, titles, False, 2, (0.0, 59.0))
    (shown,) = figure.data
    assert np.sort(shown.z[~np.isnan(shown.z)]).tolist() == MAPS.ravel().tolist()
    for values, title, note in zip(MAPS, titles, figure.layout.annotations, strict=True):
        y, x = round(note.y + 0.5), round(note.x + 0.5)
        assert note.text == title
        assert np.array_equal(shown.z[y : y + 4, x : x + 3], values)
        assert np.isnan(shown.z[y - 1, x : x + 3]).all()
        assert shown.customdata[y + 3][x + 2].tolist() == [3, 2]
    columns = {note.x for note in figure.layout.annotations}
    assert len(columns) == 2


@pytest.mark.parametrize("dark", [False, True])
def test_plotly_accepts_every_property_of_what_is_not_checked_when_it_is_drawn(dark: bool) -> None:
    for figure in (tiles(MAPS, list("abcde"), dark, 2, (0.0, 59.0)), heat(MAPS[0], dark, (0.0, 11.0))):
        assert go.Figure(figure.to_dict()).to_dict().keys() == {"data", "layout"}
