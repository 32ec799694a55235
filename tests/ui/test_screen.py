"""What stands beside the maps, the state in the link, and the caches behind a page."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch
from streamlit.testing.v1 import AppTest

from explorer.runtime.pictures import load_image
from explorer.runtime.samples import samples
from explorer.runtime.weights.network import Network
from explorer.ui import cache


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


# ---- what ran, and what it says ----------------------------------------------------------------------------


def _result_page(trained: bool) -> None:
    from dataclasses import replace

    from explorer.runtime.activations import capture
    from explorer.runtime.pictures import load_image
    from explorer.runtime.samples import samples
    from explorer.runtime.weights.network import load_network
    from explorer.ui import cache, screen
    from explorer.ui.sidebar import Settings

    image = load_image(samples()[0].path)
    network = load_network(cache.variant("resnet20_cifar"))
    if trained:
        network = replace(network, weights="some.pth", classes=tuple(f"class {letter}" for letter in "abcdefghij"))
    activations = capture(network, cache.network_input("resnet20_cifar", "untrained", image).tensor)
    screen.result(activations, Settings(image, "Cat", "cat", "cpu"))


def test_a_trained_network_names_five_classes_with_probabilities() -> None:
    app = run(AppTest.from_function(_result_page, args=(True,)))
    said = app.markdown[0].value
    found = [(name, float(percent)) for name, percent in re.findall(r"\*\*(class [a-j])\*\* ([\d.]+)%", said)]
    assert len(found) == 5 and len({name for name, _ in found}) == 5
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert "Untrained" not in said and "some.pth" in said


def test_an_untrained_network_says_so_and_names_none() -> None:
    app = run(AppTest.from_function(_result_page, args=(False,)))
    assert app.markdown[0].value.startswith("**Untrained network**")
    assert "%" not in app.markdown[0].value


# ---- the state in the link ---------------------------------------------------------------------------------


def _linked_page() -> None:
    import streamlit as st

    from explorer.ui.link import asked, followed, keep, read, seed

    read()
    animal = seed("animal", ("cat", "dog"), "cat", "animal")
    node = asked("node") or st.session_state.get("node", "stem")
    st.session_state["node"] = st.session_state.get("clicked") or node
    st.selectbox("Animal", ("cat", "dog"), key="animal")
    st.text(f"{animal} {st.session_state['node']} {followed()}")
    keep(animal=animal, node=st.session_state["node"], channel=None)


def _opened(**link: str) -> AppTest:
    app = AppTest.from_function(_linked_page)
    app.query_params = dict(link)
    return run(app)


def test_a_link_is_followed_once() -> None:
    app = _opened(animal="dog", node="head")
    assert app.text[0].value == "dog head 1"
    app.session_state["clicked"] = "body"
    assert run(app).text[0].value == "dog body 1"
    assert app.query_params == {"animal": "dog", "node": "body"}


def test_without_a_link_there_are_defaults_and_the_link_gets_them() -> None:
    app = _opened()
    assert app.text[0].value == "cat stem 0"
    assert app.query_params == {"animal": "cat", "node": "stem"}
    app.selectbox[0].set_value("dog")
    assert run(app).query_params == {"animal": "dog", "node": "stem"}


def test_going_back_follows_the_link_of_before() -> None:
    app = _opened()
    before = dict(app.query_params)
    app.selectbox[0].set_value("dog")
    app.session_state["clicked"] = "body"
    run(app)
    app.session_state["clicked"] = None
    app.query_params = before
    assert run(app).text[0].value == "cat stem 1"


def test_what_a_link_does_not_say_stays() -> None:
    app = _opened(animal="dog", node="head")
    app.query_params = {"node": "body"}
    assert run(app).text[0].value == "dog body 2"
    app.query_params = {}  # the navigation's links say nothing
    assert run(app).text[0].value == "dog body 2"


def test_a_value_that_does_not_exist_is_named_and_replaced() -> None:
    app = _opened(animal="cow")
    assert [w.value for w in app.warning] == ["There is no animal called 'cow'; cat is shown."]
    assert app.query_params["animal"] == "cat"
    assert not run(app).warning


# ---- the caches --------------------------------------------------------------------------------------------


def _weights(network: Network) -> torch.Tensor:
    return torch.cat([p.flatten() for p in network.model.parameters()])


def test_networks_asked_for_at_the_same_time_are_the_seeded_ones() -> None:
    names = ("resnet20_cifar", "resnet32_cifar", "resnet44_cifar", "resnet56_cifar")
    load = cache.network.__wrapped__  # type: ignore[attr-defined]  # past the cache
    alone = [_weights(load(name, "untrained", "cpu")) for name in names]
    with ThreadPoolExecutor(len(names)) as pool:
        together = [_weights(n) for n in pool.map(lambda name: load(name, "untrained", "cpu"), names)]
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


def test_the_same_picture_is_computed_once_however_many_ask() -> None:
    image = load_image(samples()[0].path)
    copies = [replace(image, notes=(str(number),)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: cache.activations("resnet20_cifar", "untrained", "cpu", i), copies))
    assert all(activations is found[0] for activations in found)


def test_a_cache_holds_no_more_than_its_bytes() -> None:
    calls = []

    @cache.bounded(1)
    def half_a_mebibyte(number: int) -> bytes:
        calls.append(number)
        return bytes(2**19)

    for number in (0, 1, 0, 2, 0, 1):
        half_a_mebibyte(number)
    assert calls == [0, 1, 2, 1]  # 1 was used least recently when 2 came
