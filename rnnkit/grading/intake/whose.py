"""Whose submission a folder or file of a download is, by its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from rnnkit.common.names import STUDENT, BadValue
from rnnkit.common.text import listed, shown
from rnnkit.grading.notebooks.reading import BadSubmission

ENDINGS = re.compile(r"(\.zip)+$", re.IGNORECASE)
# How learning platforms name what they hand out; `file` is the student's own name for it, and nothing in it counts.
PATTERNS = {
    "Blackboard": re.compile(r"(?:.*?_)??(?P<student>[^_]+)_attempt_(?P<date>\d[\d-]*\d)(?:_(?P<file>.+))?"),
    "Moodle": re.compile(r".+?_(?P<student>\d+)_assignsubmission_file(?:_(?P<file>.*))?"),
    "Canvas": re.compile(r"[^\W_]+(?P<late>_LATE)?_(?P<student>\d+)_\d+_(?P<file>.+)"),
}


@dataclass(frozen=True)
class Named:
    """What a name tells.

    Fields:
        student: the id; the name itself where it tells none.
        file: the file in the submission that it is.
        date: of the attempt.
        remark: what a person may want to know.
        before: the name without what the student chose.
        told: the id as the name has it; another than ``student`` where the roster was asked whose it might be.
        key: what of the name tells whose it is: where two have one key, nobody doubts that they are one student's.
        assignment: that the name begins with; empty where it begins with none.
        late: whether the platform calls it late; None where it does not say.
    """

    student: str
    file: str = ""
    date: str = ""
    remark: str = ""
    before: str = ""
    told: str = ""
    key: str = ""
    assignment: str = ""
    late: bool | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the name has the id itself."""
        return self.told == self.student

    @property
    def is_plain(self) -> bool:
        """Whether it is the id as it is, with nothing put before it but by a platform."""
        return self.is_sure and (self.key != self.before or self.before == self.student)


class Names:
    """How the names of one download are read.

    Arguments:
        assignments: their names, first the one that is taken in; ``ASSIGNMENT_STUDENT.zip`` is a hand-in's.
        roster: the students' ids, where there is a roster.
        pattern: a regular expression for the beginning of every name, with the group ``student_id`` and perhaps
            ``file_id`` and ``timestamp``; without it the names of the usual platforms are known.
    """

    def __init__(self, assignments: Sequence[str], roster: Collection[str] | None, pattern: str | None):
        self.assignments, self.assignment = assignments, assignments[0]
        self.roster = set(roster) if roster is not None else None
        self.platform = ""
        try:
            self.pattern = re.compile(pattern) if pattern else None
        except re.error as error:
            raise BadValue(f"expected a regular expression for the names, got {pattern!r} ({error})") from None
        if self.pattern and "student_id" not in self.pattern.groupindex:
            raise BadValue(f"expected a regular expression with a group (?P<student_id>...), got {pattern!r}")

    def is_platforms(self, name: str) -> bool:
        """Whether a name is as a learning platform gives it, so that its beginning tells the student."""
        if self.pattern:
            return bool(self.pattern.match(name))
        return any(pattern.fullmatch(name) for pattern in PATTERNS.values())

    def settle(self, names: Collection[str]) -> None:
        """Finds out from which platform a download is: a name as another one gives it tells nobody from now on."""
        counts = {platform: sum(map(bool, map(form.fullmatch, names))) for platform, form in PATTERNS.items()}
        self.platform = max(PATTERNS, key=counts.__getitem__) if any(counts.values()) else ""

    def is_student(self, name: str) -> bool:
        """Whether a name certainly tells a student."""
        bare = unicodedata.normalize("NFC", ENDINGS.sub("", name))
        return bare in (self.roster or ()) or self.is_platforms(name)

    def whose(self, name: str) -> Named:
        """The student of a folder or a file.

        Raises:
            BadSubmission: the name does not fit, or the id in it cannot be one.
        """
        name = unicodedata.normalize("NFC", name)  # as no Mac writes it
        named = _by_pattern(self.pattern, name) if self.pattern else self._by_name(name)
        student, remark = self._in_roster(named.student, named.before)
        if not STUDENT.fullmatch(student) and not (student in (self.roster or ()) and _harmless(student)):
            raise BadSubmission(
                f"expected a student's id of letters, digits and . _ @ -, got {shown(student)!r}; rename it"
            )
        return replace(named, student=student, remark=remark, told=named.student)

    def _by_name(self, name: str) -> Named:
        bare = ENDINGS.sub("", name)
        if bare in (self.roster or ()):
            return Named(bare, before=bare, key=bare)
        fitting = {
            platform: match
            for platform, form in PATTERNS.items()
            if (match := form.fullmatch(name) or form.fullmatch(bare))
        }
        if len(fitting) > 1:
            ids = listed(sorted({match["student"] for match in fitting.values()}))
            raise BadSubmission(f"expected a name as one platform gives it, got one that fits two ({ids}); rename it")
        for platform, match in fitting.items():
            if platform != (self.platform or platform):
                raise BadSubmission(f"expected a name as {self.platform} gives it, got one as of {platform}; rename it")
            groups = match.groupdict()
            date, before = groups.get("date") or "", _before(match, "file")
            told, key = groups["student"], groups["student"]
            if platform == "Blackboard":  # an id may have underscores, and so may what stands before it
                key = name[: match.end("student")]
                told = max((id for id in self.roster or () if f"_{key}".endswith(f"_{id}")), key=len, default=told)
            late = bool(groups["late"]) if "late" in groups else None
            return Named(told, groups.get("file") or "", date, before=before, key=f"{platform} {key}", late=late)
        assignment = next((name for name in self.assignments if bare.startswith(f"{name}_")), "")
        return Named(bare.removeprefix(f"{assignment}_"), before=bare, key=bare, assignment=assignment)

    def _in_roster(self, student: str, name: str) -> tuple[str, str]:
        """The id as the roster has it, and a remark where it has none; ``name`` is what the platform gave."""
        if self.roster is None or student in self.roster:
            return student, ""
        near = [known for known in self.roster if folded(known) == folded(student)]
        near = near or [known for known in self.roster if known in re.split(r"[_\s()]+", name)]
        return (near[0], "") if len(near) == 1 else (student, "not in the roster")


def _by_pattern(pattern: re.Pattern, name: str) -> Named:
    match = pattern.match(name)
    if not match or not (student := match["student_id"]):
        raise BadSubmission("its name does not fit the regular expression for the names")
    groups = match.groupdict(default="")
    file = groups.get("file_id", "")
    if file and "." not in file:
        file += name[name.rindex(".") :] if "." in name else ""
    date, key = groups.get("timestamp", ""), f"--name-regex {student}"
    return Named(student, file, date, before=_before(match, "file_id"), key=key)


def returned(name: str, key: str) -> tuple[str, str, str]:
    """Of a thing that a platform gave: the platform, what stands before the student's own part, and that part.

    Arguments:
        name: the thing's.
        key: as `Named` has it. Empty texts come back where it is no platform's.
    """
    platform = key.partition(" ")[0]
    form = PATTERNS.get(platform)
    match = (form.fullmatch(name) or form.fullmatch(ENDINGS.sub("", name))) if form else None
    return (platform, _before(match, "file"), match["file"] or "") if match else ("", "", "")


def folded(id: str) -> str:
    """An id without what may get lost on its way: case, and how its letters are put together."""
    return unicodedata.normalize("NFKC", id).casefold()


def _before(match: re.Match, group: str) -> str:
    """What stands before the student's own part."""
    end = match.start(group) if group in match.re.groupindex else -1
    return match.string[: end if end >= 0 else match.end()]


def _harmless(student: str) -> bool:
    """Whether it can be the name of a folder, whatever else it is."""
    return student.isprintable() and 0 < len(student) <= 64 and student[0] not in ".-" and not set(student) & set("/\\")
