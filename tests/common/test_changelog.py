"""The version that is here has its section in the changelog, before all earlier ones."""

from __future__ import annotations

import re

from packaging.version import Version

import rnnkit
from rnnkit.common.places import PACKAGE
from rnnkit.record.keys import NEWER


def test_the_newest_section_is_of_this_version():
    text = (PACKAGE / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+)$", text, re.MULTILINE)
    assert versions[0] == rnnkit.__version__
    assert versions == sorted(versions, key=Version, reverse=True)
    assert all(f"`{name}`" in text for name in NEWER)
