"""The marker's page as a server: who may ask, what is answered, and that nothing of a student's acts."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import marking_course
import pytest
from graded_course import PNG
from marking_course import Q, desk, given, in_formgrader, served

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](http://evil/y.png)",
    "huge": "x" * 300_000,
    "deep": "> " * 5000 + "[" * 5000 + "*_" * 900,
    "bytes": "half \ud800 a character, \u202e turned, \x00 none",
    "formulas": "$x$ " * 500,
    "style": "<style>*{display:none}</style><base href=//evil><iframe srcdoc='<script>1</script>'></iframe>",
}
PICTURES = {
    "a.png": {"image/png": PNG},
    "b.svg": {"image/svg+xml": "<svg onload=alert(1)>"},
    "c.png": {"image/png": "PGI+"},
}


@pytest.fixture(scope="module")
def course(once, tmp_path_factory):
    answers = {name: {Q: text} for name, text in HOSTILE.items()}
    answers["pictures"] = {Q: "![mine](attachment:a.png) ![bad](attachment:b.svg) ![worse](attachment:c.png)"}
    folder = tmp_path_factory.mktemp("served") / "course"
    return marking_course.make(once("marking", marking_course.fill), folder, answers, {"pictures": PICTURES})


@pytest.fixture(scope="module")
def address(course):
    with served(desk(course)) as address:
        yield address


def ask(address, body=None, **headers):
    """The status, the headers and the bytes of an answer."""
    parts = urlsplit(address)
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if data is not None:
        headers = {"Origin": f"http://{parts.netloc}", **headers}
    request = urllib.request.Request(address, data, {name: text for name, text in headers.items() if text})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def told(address, body=None):
    status, _, content = ask(address, body)
    return status, json.loads(content)


def question(address):
    status, found = told(f"{address}api/question?id={Q}")
    assert status == 200
    return found


# ---- who may ask ----


def test_the_page_comes_with_a_policy_that_runs_nothing_but_its_own(address):
    for name in ("", "mark.js", "mark.css", "page.css", "api.js", "cards.js", "tables.js"):
        status, headers, content = ask(address + name)
        assert status == 200
        assert content
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["", "mark.js", "api/overview", f"picture/{'0' * 64}", "nothing"])
def test_without_the_token_nothing_is_answered(address, path):
    parts = urlsplit(address)
    for token in ("", "x", "%F0%9F%98%80", parts.path.strip("/")[:-1]):
        status, _, content = ask(f"http://{parts.netloc}/{token}/{path}")
        assert status == 403
        assert parts.path.strip("/").encode() not in content


def test_another_host_or_page_is_refused(address):
    assert ask(address, Host="evil.example")[0] == 403
    assert ask(f"{address}api/overview", Host="evil.example:80")[0] == 403
    for origin in ("http://evil.example", "null", ""):
        assert ask(f"{address}api/undo", {}, Origin=origin)[0] == 403


def test_it_listens_on_this_machine_alone(course):
    with served(desk(course, "other")) as address:
        assert urlsplit(address).hostname == "127.0.0.1"


@pytest.mark.parametrize("path", ["../server.py", "%2e%2e/server.py", "api/secrets", "picture/../mark.js", "mark.html"])
def test_no_other_file_and_no_other_call_is_there(address, path):
    assert ask(address + path)[0] == 404


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("mark", b"no json"),
        ("mark", b"[" * 100_000),
        ("mark", []),
        ("mark", {}),
        ("mark", {"question": Q, "card": ["x"], "items": {}, "adjust": 0, "comment": ""}),
        ("mark", {"question": "no_such", "card": "x", "items": {}, "adjust": 0, "comment": ""}),
        ("mark", {"question": Q, "card": "x", "items": {}, "adjust": 0, "comment": ""}),
        ("mark", {"question": Q, "card": "x", "items": {}, "adjust": 0, "comment": "", "role": "settled"}),
        ("rubric", {"question": Q, "items": "x", "apply": True}),
        ("settle", {"question": Q, "card": "x", "take": "first"}),
        ("deal", {"request": "x"}),
        ("undo", {"self": 1}),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(address, call, body):
    status, _, content = ask(f"{address}api/{call}", body)
    assert status == 400
    assert json.loads(content)["error"]


# ---- what is answered ----


def test_hostile_answers_are_text(address):
    cards = question(address)["cards"]
    assert len(cards) == len(HOSTILE) + 1
    for card in cards:
        html = card["html"].lower()
        for tag in ("<script", "<style", "<iframe", "<base", "onerror=alert(1)>"):
            assert tag not in html.replace("&lt;", "")
        assert "javascript:" not in html.split("href=", 1)[-1] or "href=" not in html
        assert len(html) < 200_000
        assert not any("\ud800" <= one <= "\udfff" or one in "\0\u202e" for one in html)


def test_pictures_are_served_as_pictures_and_nothing_else_is_one(address):
    cards = question(address)["cards"]
    html = next(card["html"] for card in cards if "mine" in card["html"])
    assert html.count("<img") == html.count("data-picture=") == 1
    name = html.split('data-picture="')[1][:64]
    status, headers, content = ask(f"{address}picture/{name}")
    assert (status, headers["Content-Type"], content[:4]) == (200, "image/png", b"\x89PNG")
    assert "sandbox" in headers["Content-Security-Policy"]
    assert cards[0]["figures"] == [[{"name": name, "words": ""}]]  # the same pixel, put out above the answer
    assert ask(f"{address}picture/{'0' * 64}")[0] == 404


def test_a_mark_is_in_the_gradebook_and_undo_takes_it_back(address, course):
    card = next(one for one in question(address)["cards"] if "mine" in one["html"])["id"]
    mark = {"question": Q, "card": card, "items": {"i1": 2}, "adjust": 0.5, "comment": "good"}
    status, done = told(f"{address}api/mark", mark)
    assert status == 200
    assert (done["card"]["points"], done["card"]["state"], done["progress"]["done"]) == (1.5, "marked", 1)
    assert given(course, "pictures")[:2] == (1.5, "good")
    assert told(f"{address}api/undo", {}) == (200, {"question": Q, "do": "mark"})
    assert given(course, "pictures")[:2] == (None, "")


def test_what_formgrader_gave_is_in_the_way_until_it_is_meant(address, course):
    card = next(one for one in question(address)["cards"] if "half" in one["html"])["id"]
    in_formgrader(course, "bytes", 3)
    mark = {"question": Q, "card": card, "items": {}, "adjust": 1, "comment": ""}
    status, refused = told(f"{address}api/mark", mark)
    assert status == 409
    assert "3 points" in refused["error"]
    assert told(f"{address}api/mark", {**mark, "replaces": refused["token"]})[0] == 200
    assert given(course, "bytes").points == 1


def test_a_busy_gradebook_loses_no_mark(address, course, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from rnnkit.grading.marking.book import Book

    def busy(*about):
        raise OperationalError("update", {}, Exception("database is locked"))

    card = next(one for one in question(address)["cards"] if one["words"] == 1)["id"]
    monkeypatch.setattr(Book, "write", busy)
    status, done = told(f"{address}api/mark", {"question": Q, "card": card, "items": {}, "adjust": 2, "comment": ""})
    assert (status, done["late"]) == (200, True)
    monkeypatch.undo()
    question(address)
    assert given(course, "huge").points == 2
    monkeypatch.setattr(Book, "read", busy)
    status, refused = told(f"{address}api/mark", {"question": Q, "card": card, "items": {}, "adjust": 3, "comment": ""})
    assert status == 503
    assert "nothing was marked" in refused["error"]
