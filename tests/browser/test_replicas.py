"""The app behind its proxy: a viewer of a process that dies goes on with the same view."""

from __future__ import annotations

from pathlib import Path

import psutil
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ASKED, TIMEOUT_MS, AppPage
from tests.browser.parts import choose, element, node, wait_for_link
from tests.hall.redis_server import free_port
from tests.server.proxy import COOKIE, process_of, replicas, running

NODE = "conv2_x.1.conv1"
PICTURE = Path(__file__).parents[2] / "assets" / "samples" / "coffee.jpg"


def test_a_viewer_of_a_killed_process_goes_on(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(replicas(port, 2), f"{url}/_stcore/health", tmp_path / "log", {"HOME": str(tmp_path)}) as pid:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        context.add_init_script(ASKED)
        context.set_default_timeout(TIMEOUT_MS)
        view = AppPage(context.new_page())
        page = view.page

        def cookie() -> str:
            return next(c["value"] for c in context.cookies() if c["name"] == COOKIE)

        page.goto(f"{url}/resnet")
        view.settle()
        choose(view, "Upload")
        page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(PICTURE)  # a request beside the stream
        view.settle()
        expect(page.get_by_test_id("stSidebar").get_by_role("img", name="Your upload")).to_be_visible()
        element(view, "Operations of", NODE).click()
        wait_for_link(view, "node", NODE)

        processes = psutil.Process(pid).children()
        settings = next(p for p in processes if "caddy" in p.cmdline()[0]).environ()
        given = cookie()
        lost = process_of(given, settings["EXPLORER_SECRET"], settings["EXPLORER_UPSTREAMS"].split())
        next(p for p in processes if lost.partition(":")[2] in p.cmdline()).kill()

        expect(page.get_by_test_id("stSidebar").get_by_role("img", name="Your upload")).to_have_count(0)
        view.settle()
        assert cookie() != given
        assert node(view) == NODE  # of the same view; the picture is asked for again
        expect(page.get_by_test_id("stFileUploaderDropzoneInput").first).to_be_attached()
        element(view, "Operations of", "conv2_x.1.conv2").click()
        wait_for_link(view, "node", "conv2_x.1.conv2")
        assert view.problems == []
        context.close()
