"""The marker's page: served to this machine alone, to whoever has the address with the token; nothing of it is kept.

Every address begins with the token. A request has to name this host, and one that changes something has to come from
the page itself, so that no other page in the same browser can mark. What students wrote comes as escaped text under a
policy that runs no script but the page's own.
"""

from __future__ import annotations

import inspect
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web
from sqlalchemy.exc import OperationalError

from rnnkit.common.names import BadValue
from rnnkit.common.places import PACKAGE
from rnnkit.grading.marking.desk import Desk, Elsewhere
from rnnkit.grading.marking.requests import deal, request_of
from rnnkit.grading.marking.second import settle
from rnnkit.grading.marking.view import View

HOST = "127.0.0.1"
PAGE = Path(__file__).with_name("page")
SHARED = PACKAGE / "common" / "templates" / "page.css"
FILES = {
    "": "text/html",
    **dict.fromkeys(("page.css", "mark.css"), "text/css"),
    **dict.fromkeys(("api.js", "cards.js", "mark.js", "tables.js"), "text/javascript"),
}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
POLICY += "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MOST_BODY = 1 << 20  # bytes
TEXTS = {"question", "card", "request", "replaces", "id", "comment"}  # what calls are given as text


class _Handler(tornado.web.RequestHandler):
    """What every request has to have, whatever it asks for."""

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        settings = self.application.settings
        if self.request.host not in settings["hosts"]:
            raise tornado.web.HTTPError(403, "expected this machine's own address")
        given = self.request.path.split("/")[1]
        if not secrets.compare_digest(given.encode(), settings["token"].encode()):
            raise tornado.web.HTTPError(403, "expected the address with its token")
        origin = self.request.headers.get("Origin")
        if self.request.method != "GET" and origin not in {f"http://{host}" for host in settings["hosts"]}:
            raise tornado.web.HTTPError(403, "expected a request of the page's own")

    def write_error(self, status_code: int, **how: Any) -> None:
        error = how.get("exc_info", (None, None))[1]
        said = error.log_message if isinstance(error, tornado.web.HTTPError) else ""
        self.set_header("Content-Type", "application/json")
        self.finish(
            json.dumps({"error": said or f"{status_code}: this went wrong on the grader's side; see its terminal"})
        )

    def log_exception(self, *about: Any) -> None:
        if not isinstance(about[1], tornado.web.HTTPError):
            super().log_exception(*about)


class _File(_Handler):
    """A file of the page."""

    def get(self, name: str) -> None:
        self.set_header("Content-Type", f"{FILES[name]}; charset=utf-8")
        self.finish((SHARED if name == SHARED.name else PAGE / (name or "mark.html")).read_bytes())


class _Picture(_Handler):
    """A student's picture."""

    def get(self, name: str) -> None:
        view: View = self.application.settings["view"]
        if name not in view.shown.pictures:
            raise tornado.web.HTTPError(404, "there is no such picture")
        kind, content = view.shown.pictures[name]
        self.set_header("Content-Type", kind)
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", "private, max-age=3600")
        self.finish(content)


class _Call(_Handler):
    """One of the page's calls, JSON in, JSON out; 400 refuses it, 409 where what was given elsewhere is in the way."""

    def get(self, name: str) -> None:
        self._answer(READ, name, {key: self.get_argument(key) for key in self.request.arguments})

    def post(self, name: str) -> None:
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise tornado.web.HTTPError(400, "expected a JSON object")
        self._answer(WRITE, name, body)

    def _answer(self, calls: dict[str, Callable[..., Any]], name: str, given: dict[str, Any]) -> None:
        if name not in calls:
            raise tornado.web.HTTPError(404, "there is no such call")
        view = self.application.settings["view"]
        try:
            inspect.signature(calls[name]).bind(view, **given)
            if wrong := [key for key in TEXTS & given.keys() if not isinstance(given[key], str)]:
                raise BadValue(f"{', '.join(wrong)}: expected a text")
        except (BadValue, TypeError) as error:
            raise tornado.web.HTTPError(400, f"{name}: {error}".replace("%", "%%")) from None
        try:
            done = calls[name](view, **given)
        except Elsewhere as error:
            self.set_status(409)
            done = {"error": str(error), "token": error.token}
        except BadValue as error:
            self.set_status(400)
            done = {"error": str(error)}
        except (OSError, OperationalError) as error:
            self.set_status(503)
            done = {
                "error": f"nothing was marked: a file cannot be read or written ({type(error).__name__}); try again"
            }
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(done))


# ---- calls -------------------------------------------------------------------------------------------------------


def _mark(view: View, question: str, card: str, items: Any, adjust: Any, comment: Any, replaces: str = "") -> Any:
    view.desk.mark(question, card, items, adjust, comment, replaces)
    return view.card(question, card)


def _undo(view: View) -> Any:
    event = view.desk.undo()
    return {"question": event.get("question", ""), "do": event["do"]}


def _edit(view: View, question: str, items: Any, apply: bool) -> Any:
    if not apply:
        return view.edited(question, items)
    return {"changed": view.desk.edit(question, items)}


def _settle(view: View, question: str, card: str, take: Any, replaces: str = "") -> Any:
    settle(view.desk, question, card, take, replaces)
    return view.differences()


def _deal(view: View, request: str) -> Any:
    deal(view.desk, request)
    return view.requests()


def _who(view: View, request: str) -> Any:
    one = request_of(view.desk, request)
    view.desk.journal.append({"do": "who", "by": view.desk.marker, "request": one.id})
    return {"student": one.student}


READ: dict[str, Callable[..., Any]] = {
    "overview": View.overview,
    "question": View.question,
    "anew": View.anew,
    "differences": View.differences,
    "requests": View.requests,
}
WRITE: dict[str, Callable[..., Any]] = {
    "mark": _mark, "undo": _undo, "rubric": _edit, "settle": _settle, "deal": _deal, "who": _who,
}  # fmt: skip


def application(desk: Desk, port: int, token: str) -> tornado.web.Application:
    """The page of one desk.

    Arguments:
        port: that it is served at.
        token: what its address begins with.
    """
    files = "|".join(FILES)
    routes = [
        (rf"/[^/]*/({files})", _File),
        (r"/[^/]*/picture/([0-9a-f]{64})", _Picture),
        (r"/[^/]*/api/([a-z]+)", _Call),
        (r"/.*", _Nothing),
    ]
    hosts = {f"{HOST}:{port}", f"localhost:{port}"}
    return tornado.web.Application(
        routes, hosts=hosts, token=token, view=View(desk), log_function=lambda handler: None, compress_response=True
    )


class _Nothing(_Handler):
    def get(self) -> None:
        raise tornado.web.HTTPError(404, "there is nothing here")

    post = get


def serve(desk: Desk, port: int = 0) -> tuple[str, tornado.httpserver.HTTPServer]:
    """Begins to serve a desk, within a running event loop; the address to open, and the server.

    Arguments:
        port: a free one where 0.

    Raises:
        OSError: the port is taken.
    """
    sockets = tornado.netutil.bind_sockets(port, HOST)
    port, token = sockets[0].getsockname()[1], secrets.token_urlsafe(24)
    server = tornado.httpserver.HTTPServer(application(desk, port, token), max_body_size=MOST_BODY)
    server.add_sockets(sockets)
    return f"http://{HOST}:{port}/{token}/", server
