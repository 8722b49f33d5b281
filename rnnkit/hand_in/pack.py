"""The zip that is handed in: what was collected, and a manifest with the hash of each file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import rnnkit
from rnnkit.common.whole import free_name, whole
from rnnkit.hand_in.collect import Collected

PDF, MANIFEST = "report.pdf", "manifest.json"
EPOCH = (2026, 1, 1, 0, 0, 0)  # of every file in the zip: the same files give the same bytes


def write(collected: Collected, target: Path, student: str | None) -> str:
    """Writes the zip whole or not at all; another file of its name is kept. Says what was done.

    Arguments:
        collected: what to pack.
        target: the file.
        student: the id that the manifest names.
    """
    hashes = {}
    with whole(target) as part:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(collected.files):
                source = collected.files[name]
                content = source if isinstance(source, bytes) else source.read_bytes()
                hashes[name] = hashlib.sha256(content).hexdigest()
                _add(archive, name, content)
            _add(archive, MANIFEST, _manifest(collected, hashes, student))
        part.flush()
        kept = _keep(target, Path(part.name))
    size = target.stat().st_size / 1e6
    aside = f"; the earlier one is kept as {kept.name}" if kept else ""
    lacking = f" NOT COMPLETE, {len(collected.missing)} to do." if collected.missing else ""
    return f"{target}: {len(hashes) + 1} files, {size:.1f} MB{aside}.{lacking} Hand in this file."


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, EPOCH)
    member.external_attr = 0o100644 << 16
    member.create_system = 3  # the same bytes on every system
    archive.writestr(member, content, zipfile.ZIP_STORED if name.endswith(".npz") else zipfile.ZIP_DEFLATED)


def _manifest(collected: Collected, hashes: dict[str, str], student: str | None) -> bytes:
    saved = [path.stat().st_mtime for path in collected.files.values() if isinstance(path, Path)]
    profiles = {run["profile"] for run in collected.runs.values()}
    manifest = {
        "assignment": collected.assignment.name,
        "student": student,
        "rnnkit": rnnkit.__version__,
        "profile": profiles.pop() if len(profiles) == 1 else "mixed" if profiles else None,
        "runs": collected.runs,
        "missing": collected.missing,
        "notes": collected.notes,
        # when the newest file was saved, by this computer's clock: the same files give the same bytes
        "saved": datetime.fromtimestamp(max(saved), UTC).isoformat(timespec="seconds") if saved else None,
        "files": hashes,
    }
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _keep(target: Path, new: Path) -> Path | None:
    """Moves an earlier file of this name aside, unless it is the same."""
    if not target.exists() or target.read_bytes() == new.read_bytes():
        return None
    return target.rename(free_name(target, target.suffix))
