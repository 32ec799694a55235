"""What a browser's tab is to the server: a websocket that speaks Streamlit's protobuf protocol, and draws nothing.

Like the front end it keeps the page's address, the elements that stand on the page, the values of its widgets, which go
along with every request, and the cache of large messages. It asks for a run whenever its viewer does something, whether
or not the former run is done.

No answer says which request it answers. So a mark goes ahead of a request that is sent while a run is under way: it
turns the setting "run on save", which means nothing to a server that watches no files, and which the server reports at
once, in order with what its runs send. A run that begins after that report knows of the request. Other answers would
not do: those that are still unsent when a run begins are dropped.
"""

from __future__ import annotations

import asyncio
import functools
import http.client
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlparse

from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ButtonGroup_pb2 import ButtonGroup
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLs, FileURLsRequest, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

DIAGRAM = "cnn_explorer.diagram"
LINK = "cnn_explorer.link"
FEATURE_MAPS = "cnn_explorer.feature_maps"
WINDOW = "cnn_explorer.window"  # reports that the screen has been painted: the section below it comes then
ON_SCREEN = ("network", "stage", "block", "operations")  # what the keys of a page's own diagrams end with
ANSWER_SECONDS = 60.0
ASK_AGAIN_SECONDS = 2.0
POLL_SECONDS = 0.02
RUN_ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)

Path = tuple[int, ...]
T = TypeVar("T")


class NoAnswerError(Exception):
    """What the viewer waited for did not come."""


@functools.lru_cache(maxsize=1024)
def _targets(data: str) -> tuple[str, tuple[str, ...]]:
    """Group and selectable operations of a diagram. Viewers are sent the same diagrams, which are parsed once."""
    told = json.loads(data)
    return told["group"], tuple({element["target"]: None for element in told["elements"].values()})


@dataclass
class MessageCache:
    """The front end's cache: large elements that the server need not send again while the page names them."""

    max_age: int = 0
    runs: int = 0
    messages: dict[str, tuple[ForwardMsg, int]] = field(default_factory=dict)

    def resolve(self, message: ForwardMsg) -> ForwardMsg:
        """The message itself, or the one that it refers to. Keeps it where the server says that it may."""
        reference = message.ref_hash
        if reference:
            path = list(message.metadata.delta_path)
            message = self.messages[reference][0]
            if path and path != list(message.metadata.delta_path):  # the same element at another place
                moved = ForwardMsg()
                moved.CopyFrom(message)
                moved.metadata.delta_path[:] = path
                message = moved
        if reference or message.metadata.cacheable:
            self.messages[message.hash] = (message, self.runs)
        return message

    def end_run(self, fragments: Sequence[str]) -> None:
        """Forget what the last runs did not use; a fragment's run only ages the messages of that fragment."""
        self.runs += 1
        for hash_, (message, used) in list(self.messages.items()):
            concerned = not fragments or message.delta.fragment_id in fragments
            if concerned and self.runs - used > self.max_age:
                del self.messages[hash_]


@dataclass
class Standing:
    """What stands at a place of the page: an element with an id, or something else, of which nothing is kept."""

    run: int
    fragment: str
    id: str = ""
    element: Any = None  # the message of a widget or component
    hash: str = ""

    @property
    def key(self) -> str:
        """The name that the app gave it."""
        return self.id.split("-", 2)[2] if self.id.count("-") >= 2 else ""

    @property
    def component(self) -> str:
        return getattr(self.element, "component_name", "")

    @property
    def data(self) -> str:
        """What the app sent to a component, JSON."""
        return str(self.element.json or self.element.mixed.json)

    @property
    def options(self) -> list[str]:
        """Of a box or a row of buttons."""
        return [o if isinstance(o, str) else o.content for o in self.element.options]


@dataclass
class Request:
    """Something that a viewer asked for, and what came of it; all times in seconds after it was sent.

    Attributes:
        seconds: until the end of the run that answers it.
        drawn_seconds: until the last diagram of the screen that was not there before, if any came.
        maps_seconds: until the first feature maps that were not there before, if any came.
        received: bytes, from when the server knew of it.
        replaced: a newer request came before its answer, and one run answered both.
        errors: exceptions that the page showed; or that no answer came.
    """

    sent: float
    of_viewer: bool  # not the page's own doing
    before: frozenset[str]  # ids and hashes of the diagrams and maps that were there
    mark: int = 0  # the number of the one that went ahead; 0 if none did
    run: int = 0  # the last one that knew of it
    seconds: float = ANSWER_SECONDS
    drawn_seconds: float | None = None
    maps_seconds: float | None = None
    received: int = 0
    replaced: bool = False
    errors: list[str] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Tab:
    """One viewer's tab. `async with Tab(url) as tab: await tab.open("resnet")`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.socket: ClientConnection
        self.query = ""
        self.session = ""
        self.page_hash = ""  # of the page that is shown
        self.leaving = False  # another page was asked for, and has not begun
        self.pages: dict[str, str] = {}  # the hash of each, by the name in its address; "" for home
        self.places: dict[Path, Standing] = {}
        self.states: dict[str, WidgetState] = {}
        self.cache = MessageCache()
        self.pending: list[Request] = []
        self.errors: list[str] = []  # those that belong to no request
        self.lost = ""  # why the connection ended, if it did
        self._run, self._running, self._fragments = 0, False, frozenset[str]()
        self._departure: Request | None = None  # the request for another page
        self._painted: Request | None = None  # what the browser reported after the page's first paint
        self._begun = False  # whether a run began after the last request
        self._marks = self._marks_seen = 0
        self._uploads = 0
        self._urls: dict[str, asyncio.Future[FileURLs]] = {}
        self._files: dict[str, FileURLs] = {}  # what was uploaded, by the uploader's id
        self._reruns: dict[str, tuple[float, asyncio.Task[None]]] = {}  # fragments that ask to be run again
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Tab:
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        self.socket = await connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, open_timeout=None)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end_reruns()
        await self.socket.close()
        if self._reader is not None:
            await self._reader

    # ---- what a viewer does ---------------------------------------------------------------------------------

    async def open(self, page: str, query: str = "") -> Request:
        """Open the page, as its address in a new tab does, until the section below the screen is there, too."""
        self.query = query.removeprefix("?")
        opened = await self._ask(ClientState(page_name=page), of_viewer=True)
        await self.answer(opened)
        if self._painted is not None:
            await self.answer(self._painted)
            opened.errors += self._painted.errors
            opened.seconds = time.perf_counter() - opened.sent
        return opened

    async def go_to(self, page: str) -> Request:
        """Choose another page in the navigation."""
        self.leaving, self.query = True, ""
        self._departure = await self._ask(ClientState(page_script_hash=self.pages[page]), of_viewer=True)
        return self._departure

    async def select(self, link: Standing, node: str) -> Request:
        """Click an operation in a diagram of the link's group."""
        return await self.trigger(link, "node", node)

    async def trigger(self, component: Standing, event: str, value: object, *, of_viewer: bool = True) -> Request:
        """What a component in the browser reports."""
        state = ClientState(fragment_id=component.fragment)
        state.widget_states.widgets.add(
            id=f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{component.id}{EVENT_DELIM}events",
            json_trigger_value=json.dumps([{"event": event, "value": value}]),
        )
        return await self._ask(state, of_viewer=of_viewer)

    async def press(self, button: Standing) -> Request:
        """Press a button."""
        state = ClientState(fragment_id=button.fragment)
        state.widget_states.widgets.add(id=button.id, trigger_value=True)
        return await self._ask(state, of_viewer=True)

    async def choose(self, widget: Standing, option: str) -> Request:
        """Choose an option of a box or of a row of buttons."""
        state = self.states[widget.id] = WidgetState(id=widget.id)
        if isinstance(widget.element, ButtonGroup):
            state.string_array_value.data[:] = [option]
        else:
            state.string_value = option
        return await self._ask(ClientState(fragment_id=widget.fragment), of_viewer=True)

    async def upload(self, uploader: Standing, name: str, content: bytes) -> Request:
        """Give a file to an uploader: the time begins with the file's, not with that of the run after it."""
        sent = time.perf_counter()
        urls = await self._upload_urls(name)
        await asyncio.to_thread(self._put, urls.upload_url, name, content)
        former = self._files.get(uploader.id)
        self._files[uploader.id] = urls
        given = UploadedFileInfo(name=name, size=len(content), file_id=urls.file_id, file_urls=urls)
        self.states[uploader.id] = WidgetState(id=uploader.id)
        self.states[uploader.id].file_uploader_state_value.uploaded_file_info.append(given)
        request = await self._ask(ClientState(fragment_id=uploader.fragment), of_viewer=True, sent=sent)
        if former is not None:
            await asyncio.to_thread(self._http, "DELETE", former.delete_url, {}, b"")
        return request

    async def _upload_urls(self, name: str) -> FileURLs:
        """Where to put a file. Asked for more than once: the server drops an unsent answer when a run begins."""
        self._uploads += 1
        question = FileURLsRequest(request_id=f"file-{self._uploads}", file_names=[name], session_id=self.session)
        answer = self._urls[question.request_id] = asyncio.get_running_loop().create_future()
        until = time.perf_counter() + ANSWER_SECONDS
        while time.perf_counter() < until and not self.lost:
            await self.socket.send(BackMsg(file_urls_request=question).SerializeToString())
            await asyncio.wait([answer], timeout=ASK_AGAIN_SECONDS)
            if answer.done():
                return answer.result()
        raise NoAnswerError("no address for a picture came")

    async def answer(self, request: Request) -> Request:
        """Wait until the request is answered; one that is not in time has an error."""
        with suppress(TimeoutError):
            await asyncio.wait_for(request.done.wait(), ANSWER_SECONDS - (time.perf_counter() - request.sent))
        if not request.done.is_set():
            self._settle(request, error=f"no answer in {ANSWER_SECONDS:.0f} s")
        return request

    # ---- what a viewer sees ---------------------------------------------------------------------------------

    def find(self, key: str) -> Standing | None:
        """What the app calls so, on the page that was asked for last."""
        return next((s for s in self._standing() if s.key == key), None)

    async def found(self, key: str) -> Standing:
        """The same, as soon as it is there."""
        return await self.as_soon_as(lambda: self.find(key), f"nothing called {key!r} came")

    async def as_soon_as(self, look: Callable[[], T | None], otherwise: str) -> T:
        """What there is to see, once there is something. Raises NoAnswerError where nothing comes."""
        until = time.perf_counter() + ANSWER_SECONDS
        while not (seen := look()):
            if time.perf_counter() > until or self.lost:
                raise NoAnswerError(otherwise)
            await asyncio.sleep(POLL_SECONDS)
        return seen

    def value(self, widget: Standing) -> str:
        """The chosen option of a box or of a row of buttons; empty if none is."""
        state = self.states.get(widget.id, WidgetState())
        return state.string_value or "".join(state.string_array_value.data[:1])

    def selectable(self) -> dict[str, tuple[Standing, str]]:
        """What a click in a diagram can select, with its link: all but what is selected. By group and operation."""
        links: dict[str, tuple[Standing, str]] = {}
        found: dict[str, tuple[Standing, str]] = {}
        for link in self._components(LINK):
            told = json.loads(link.data)
            links[told["group"]] = (link, told["node"])
        for drawing in self._components(DIAGRAM):
            group, nodes = _targets(drawing.data)
            if group in links:
                link, selected = links[group]
                found |= {f"{group} {node}": (link, node) for node in nodes if node != selected}
        return found

    def components(self, name: str) -> list[Standing]:
        """The components of our own of that name, as "feature_maps"."""
        return self._components(f"cnn_explorer.{name}")

    def _standing(self) -> Iterable[Standing]:
        return () if self.leaving else [s for s in self.places.values() if s.id]

    def _components(self, name: str) -> list[Standing]:
        return [s for s in self._standing() if s.component == name]

    # ---- requests -------------------------------------------------------------------------------------------

    async def _ask(
        self, state: ClientState, *, of_viewer: bool, sent: float | None = None, automatic: bool = False
    ) -> Request:
        """Ask for a run of a fragment, of the page, or of another page."""
        start = time.perf_counter() if sent is None else sent
        there = frozenset(s.id if s.component == DIAGRAM else s.hash for s in self._standing())
        request = Request(start, of_viewer, there)
        marked = self._running or bool(self.pending)
        self.pending.append(request)
        if marked:
            self._marks += 1
            request.mark = self._marks
            await self.socket.send(BackMsg(set_run_on_save=self._marks % 2 == 1).SerializeToString())
        state.query_string = self.query
        state.is_auto_rerun = automatic
        if not state.page_script_hash and not state.page_name:
            state.page_script_hash = self.page_hash
        if not self.leaving:  # the values of the page that is left go with it
            state.widget_states.widgets.extend(self.states.values())
        state.cached_message_hashes.extend(self.cache.messages)
        state.context_info.color_scheme = "light"
        self._begun = False
        await self.socket.send(BackMsg(rerun_script=state).SerializeToString())
        return request

    def _put(self, url: str, name: str, content: bytes) -> None:
        boundary = "a-picture-of-my-own"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
        self._http("PUT", url, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body)

    def _http(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """One request with the token that the server wants from pages of its own. Raises NoAnswerError if refused."""
        connection = http.client.HTTPConnection(urlparse(self.url).netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/_stcore/health")
            health = connection.getresponse()
            health.read()
            cookie = (health.getheader("Set-Cookie") or "").partition(";")[0]
            token = {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]} if cookie else {}
            connection.request(method, path, body, {**headers, **token})
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                raise NoAnswerError(f"{method} of a picture: {answer.status} {answer.reason}")
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"{method} of a picture: {error}") from error
        finally:
            connection.close()

    # ---- what the server sends ------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for payload in self.socket:
                message = ForwardMsg.FromString(payload)
                for request in self.pending:
                    if request.mark <= self._marks_seen:
                        request.received += len(payload)
                await self._receive(self.cache.resolve(message))
            self._lose("closed")
        except ConnectionClosed as error:
            self._lose(str(error))
        except Exception as error:  # the client's own mistake: it belongs into the report as much
            self._lose(f"{type(error).__name__}: {error}")
            await self.socket.close()

    def _lose(self, why: str) -> None:
        self.lost = why
        self._end_reruns()
        for request in list(self.pending):
            self._settle(request, error=f"connection lost: {why}")

    async def _receive(self, message: ForwardMsg) -> None:
        """Remember of a message what the front end remembers."""
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._take(message)
        elif kind == "new_session":
            self._begin(message)
        elif kind == "script_finished":
            await self._end(message)
        elif kind == "navigation":
            self.pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
            self.page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "page_not_found":
            self._complain("The app has no such page.")
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            self._complain(message.session_event.script_compilation_exception.message)
        elif kind == "file_urls_response":
            answer = message.file_urls_response
            if waiting := self._urls.pop(answer.response_id, None):
                waiting.set_result(answer.file_urls[0])
        elif kind == "session_status_changed":
            self._marks_seen += message.session_status_changed.run_on_save != (self._marks_seen % 2 == 1)
        elif kind == "auto_rerun":
            self._rerun_often(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._end_reruns(message.stop_auto_rerun.fragment_ids)

    def _begin(self, message: ForwardMsg) -> None:
        """A run begins: of the page, or of some fragments."""
        self._run += 1
        self._begun = True
        self._running, self._fragments = True, frozenset(message.metadata.run.fragment_ids)
        session = message.new_session
        self.session, self.cache.max_age = session.initialize.session_id, session.config.max_cached_message_age
        for request in self.pending:
            if request.mark <= self._marks_seen:
                request.run = self._run
        if not self._fragments:
            self._end_reruns()
        if self.leaving and self._departure is not None and self._departure.run == self._run:
            self.leaving, self._painted = False, None
            self.places.clear()
            self.states.clear()

    def _take(self, message: ForwardMsg) -> None:
        """Something comes to stand on the page."""
        delta, path = message.delta, tuple(message.metadata.delta_path)
        standing = Standing(self._run, delta.fragment_id)
        if delta.HasField("new_transient"):  # stands beside what is there
            return
        if delta.HasField("new_element"):
            kind = delta.new_element.WhichOneof("type") or ""
            element = getattr(delta.new_element, kind, None)
            if kind == "exception":
                self._complain(delta.new_element.exception.message)
            elif element is not None and getattr(element, "id", "") and not self.leaving:
                standing.id, standing.element, standing.hash = element.id, element, message.hash
                self._keep_value(kind, element)
                self._time(standing)
        self.places[path] = standing

    def _keep_value(self, kind: str, element: Any) -> None:
        """A widget that is new begins with what the app says; so does one whose value the app sets."""
        if element.id not in self.states or getattr(element, "set_value", False):
            state = initial_state(kind, element)
            if state is not None:
                self.states[element.id] = state

    def _time(self, standing: Standing) -> None:
        drawing = standing.component == DIAGRAM and standing.key.rpartition("-")[2] in ON_SCREEN
        maps = standing.component == FEATURE_MAPS
        if not (drawing or maps):
            return
        for request in self.pending:
            if request.run != self._run:
                continue
            after = time.perf_counter() - request.sent
            if drawing and standing.id not in request.before:
                request.drawn_seconds = after
            elif maps and standing.hash not in request.before and request.maps_seconds is None:
                request.maps_seconds = after

    def _complain(self, text: str) -> None:
        """An error is about the newest of the requests that this run answers."""
        answered = [r for r in self.pending if r.run == self._run]
        (answered[-1].errors if answered else self.errors).append(text)

    async def _end(self, message: ForwardMsg) -> None:
        """A run ends: what it did not draw again is gone, unless it ends for another run to begin."""
        self._running = False
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        if self._begun:  # else a request under way names messages that have to stay
            self.cache.end_run(message.metadata.run.fragment_ids)
        if message.script_finished in RUN_ENDED:
            self._clear_stale()
        else:
            self._complain("The app's script does not compile.")
        answered = [r for r in self.pending if r.run == self._run]
        for request in answered:
            request.replaced = any(r.of_viewer for r in answered[answered.index(request) + 1 :])
            if not self._comes_later():
                self._settle(request)
        window = next(iter(self._components(WINDOW)), None)
        if self._painted is None and window is not None:
            self._painted = await self.trigger(window, "seen", {"rem": 16, "sidebar": "shown"}, of_viewer=False)

    def _comes_later(self) -> bool:
        """Whether a fragment goes on asking for the maps that this page is going to show."""
        bar = self.find("instrument")
        shows_maps = bar is not None and self.value(bar) == bar.options[0]
        return bool(self._reruns) and shows_maps and not self._components(FEATURE_MAPS)

    def _settle(self, request: Request, error: str = "") -> None:
        if error:
            request.errors.append(error)
        else:
            request.seconds = time.perf_counter() - request.sent
        self.pending.remove(request)
        request.done.set()

    def _clear_stale(self) -> None:
        """Remove what the run left out, and all within it."""
        stale = {
            path
            for path, s in self.places.items()
            if s.run != self._run and (not self._fragments or s.fragment in self._fragments)
        }
        elements = {path for path, s in self.places.items() if s.id}
        if stale:
            self.places = {
                path: s
                for path, s in self.places.items()
                if path not in stale and not any(path[:n] in stale or path[:n] in elements for n in range(1, len(path)))
            }
        there = {s.id for s in self.places.values()}
        self.states = {id_: state for id_, state in self.states.items() if id_ in there}

    # ---- fragments that run by themselves -------------------------------------------------------------------

    def _rerun_often(self, fragment: str, interval: float) -> None:
        if self._reruns.get(fragment, (None,))[0] == interval:
            return
        self._end_reruns([fragment])

        async def rerun() -> None:
            while True:
                await asyncio.sleep(interval)
                await self._ask(ClientState(fragment_id=fragment), of_viewer=False, automatic=True)

        self._reruns[fragment] = interval, asyncio.create_task(rerun())

    def _end_reruns(self, fragments: Iterable[str] | None = None) -> None:
        for fragment in list(self._reruns if fragments is None else fragments):
            if fragment in self._reruns:
                self._reruns.pop(fragment)[1].cancel()


def initial_state(kind: str, element: Any) -> WidgetState | None:
    """The value with which a widget begins, as the front end reports it; None for what has none at first."""
    state, told = WidgetState(id=element.id), getattr(element, "set_value", False)
    if kind in ("selectbox", "radio"):
        if told:
            state.string_value = element.raw_value
        elif element.HasField("default") and element.options:
            state.string_value = element.options[element.default]
    elif kind in ("button_group", "multiselect"):
        options = Standing(0, "", element=element).options
        state.string_array_value.data[:] = element.raw_values if told else [options[i] for i in element.default]
    elif kind == "checkbox":
        state.bool_value = element.value if told else element.default
    elif kind == "slider" and element.options:
        chosen = element.raw_value if told else [element.options[int(i)] for i in element.default]
        state.string_array_value.data[:] = chosen
    elif kind == "slider":
        state.double_array_value.data[:] = element.value if told else element.default
    elif kind == "number_input" and element.data_type == NumberInput.INT and (told or element.HasField("default")):
        state.int_value = int(element.value if told else element.default)
    elif kind == "number_input" and (told or element.HasField("default")):
        state.double_value = element.value if told else element.default
    return state if state.WhichOneof("value") else None
