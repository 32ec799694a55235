from streamlit.proto.ButtonGroup_pb2 import ButtonGroup
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Selectbox_pb2 import Selectbox

from tests.benchmarks.tab import MessageCache, initial_state


def test_a_widget_begins_with_its_default_or_with_what_the_app_sets():
    box = Selectbox(id="a", options=["one", "two"], default=1)
    assert initial_state("selectbox", box).string_value == "two"
    box.set_value, box.raw_value = True, "one"
    assert initial_state("selectbox", box).string_value == "one"
    row = ButtonGroup(id="b", options=[ButtonGroup.Option(content=c) for c in ("x", "y")], default=[1])
    assert list(initial_state("button_group", row).string_array_value.data) == ["y"]
    assert initial_state("selectbox", Selectbox(id="c", options=["one"])) is None  # nothing is chosen at first
    assert initial_state("button", box) is None


def test_a_cached_message_comes_again_at_the_place_of_its_reference():
    cache = MessageCache(max_age=1)
    large = ForwardMsg(hash="h")
    large.metadata.cacheable = True
    large.metadata.delta_path[:] = [0, 1]
    large.delta.fragment_id = "f"
    assert cache.resolve(large) is large
    reference = ForwardMsg(ref_hash="h")
    reference.metadata.delta_path[:] = [0, 2]
    found = cache.resolve(reference)
    assert (found.delta.fragment_id, list(found.metadata.delta_path)) == ("f", [0, 2])
    for _ in range(2):
        cache.end_run(["another fragment"])
    assert "h" in cache.messages  # only its own fragment's runs age it
    cache.end_run(["f"])
    assert "h" not in cache.messages
