"""Names in charts: beside their bubbles, and on nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as s

from explorer.analysis.labelling import Box, Bubble, Place, leader, places

WIDTHS = (500.0, 800.0, 1200.0)
HEIGHT = 400.0
BUBBLES = s.lists(
    s.builds(Bubble, s.floats(0.05, 0.95), s.floats(20, HEIGHT - 20), s.floats(3, 25)), min_size=1, max_size=25
)


def assert_free(bubbles: Sequence[Bubble], found: Mapping[int, Place]) -> None:
    for width in WIDTHS:
        boxes = {i: place.box(bubbles[i], width) for i, place in found.items()}
        for i, box in boxes.items():
            assert box.x - box.width / 2 >= 0 and box.x + box.width / 2 <= width
            assert box.y - box.height / 2 >= 0 and box.y + box.height / 2 <= HEIGHT
            for bubble in bubbles:
                # The nearest point of the box is outside the circle.
                x = min(max(bubble.x * width, box.x - box.width / 2), box.x + box.width / 2)
                y = min(max(bubble.y, box.y - box.height / 2), box.y + box.height / 2)
                assert (x - bubble.x * width) ** 2 + (y - bubble.y) ** 2 >= bubble.radius**2 - 1e-6
            for j, other in boxes.items():
                apart = abs(box.x - other.x) >= (box.width + other.width) / 2 - 1e-6
                apart |= abs(box.y - other.y) >= (box.height + other.height) / 2 - 1e-6
                assert i == j or apart
                inside = [
                    (x, y)
                    for x, y in leader(bubbles[j], other, width)
                    if abs(x - box.x) < box.width / 2 and abs(y - box.y) < box.height / 2
                ]
                assert i == j or not inside


@given(BUBBLES)
def test_a_name_lies_on_no_bubble_no_name_and_no_line_at_any_width(bubbles: list[Bubble]) -> None:
    assert_free(bubbles, places(bubbles, [[(i, f"Net-{i}")] for i in range(len(bubbles))], WIDTHS, HEIGHT))


def test_a_lonely_bubble_has_its_name_above_it() -> None:
    (place,) = places([Bubble(0.5, 200, 20)], [[(0, "Net")]], WIDTHS, HEIGHT).values()
    assert (place.right, place.apart) == (0, False)
    assert place.up > 20


def test_where_there_is_no_room_for_one_name_another_is_placed_or_none() -> None:
    bubbles = [Bubble(0.5, 20, 10), Bubble(0.5, 60, 30)]
    wide = "a name that is wider than the narrowest chart by far, and so has no place at all"
    assert places(bubbles, [[(0, wide)]], WIDTHS, HEIGHT) == {}
    assert list(places(bubbles, [[(0, wide), (1, "Net")]], WIDTHS, HEIGHT)) == [1]


def test_boxes_meet_only_where_they_have_points_in_common() -> None:
    box = Box(0, 0, 10, 4)
    assert box.meets(Box(9.9, 0, 10, 4)) and not box.meets(Box(10.1, 0, 10, 4)) and not box.meets(Box(0, 4.1, 10, 4))
    assert box.meets_circle(0, 0, 1) and box.meets_circle(5.9, 0, 1) and not box.meets_circle(5.9, 2.9, 1)
