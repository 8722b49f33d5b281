"""An npz that nobody vouches for, read array by array within limits: no pickle, nothing made before it is counted."""

from __future__ import annotations

import stat
import struct
import zipfile
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from rnnkit.common.names import BadValue

FILE, MEMBER, TOTAL = 128 << 20, 32 << 20, 192 << 20  # bytes: of a file, of one array, of what is read of a file
MEMBERS, DIRECTORY = 400, 1 << 17  # members of a file, bytes of its directory
HEADER = 4096  # bytes
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}  # that arrays of plain types have


class Unreadable(BadValue):
    """A file that is not read: the message says why."""


class Members:
    """The arrays of one npz, read one by one within limits (Unreadable: it is no plain npz, or too large)."""

    def __init__(self, path: Path) -> None:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("expected a regular file, got a device or a folder")
        if status.st_size > FILE:
            raise Unreadable(f"expected at most {FILE >> 20} MB, got {status.st_size >> 20} MB")
        self._left = TOTAL
        with open(path, "rb") as file:
            _check_directory(file, status.st_size)
        try:
            self._zip = zipfile.ZipFile(path)
        except Exception as error:
            raise Unreadable(f"expected an npz, got a damaged or foreign file ({short(error)})") from None
        infos = self._zip.infolist()
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            raise Unreadable("expected every array once, got two of one name")

    def __contains__(self, name: str) -> bool:
        return f"{name}.npy" in self._infos

    def read(self, name: str) -> np.ndarray:
        """One array of numbers or text (Unreadable where it is anything else)."""
        info = self._infos[f"{name}.npy"]
        most = min(MEMBER, self._left)
        if info.file_size > most:
            raise Unreadable(f"{name}: expected at most {most >> 20} MB, got {info.file_size >> 20} MB")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable(f"{name}: expected a stored or deflated array, got compression {info.compress_type}")
        try:
            with self._zip.open(info) as member:
                array = _array(member, most)
        except Unreadable as error:
            raise Unreadable(f"{name}: {error}") from None
        except Exception as error:  # whatever zipfile, zlib and numpy say of bytes that are none
            raise Unreadable(f"{name}: expected an array, got a damaged one ({short(error)})") from None
        self._left -= array.nbytes
        return array


def _check_directory(file: IO[bytes], size: int) -> None:
    """Refuses a zip by what its end says, before its directory is read into memory."""
    file.seek(max(0, size - 42))
    tail = file.read(42)
    if len(tail) < 42 or tail[20:24] != b"PK\x05\x06" or tail[40:] != b"\0\0":
        raise Unreadable("expected a whole npz, got something else, or a part of one")
    members, directory = struct.unpack("<HL", tail[30:36])
    if tail[:4] == b"PK\x06\x07" or members > MEMBERS or directory > DIRECTORY:
        raise Unreadable(f"expected at most {MEMBERS} arrays, got a larger directory")


def _array(member: IO[bytes], most: int) -> np.ndarray:
    """An array of a plain type, from its npy bytes; nothing is made before its size is known."""
    version = npy.read_magic(member)
    if version not in HEADERS:
        raise Unreadable(f"expected an npy, got one of version {version}")
    shape, fortran, dtype = HEADERS[version](member, max_header_size=HEADER)
    if len(shape) > 4 or min(shape, default=0) < 0:
        raise Unreadable(f"expected a shape of at most 4 sizes, got {len(shape)} axes, or sizes below 0")
    if dtype.kind not in "fiubU" or not dtype.isnative:
        raise Unreadable(f"expected numbers or text, got dtype {str(dtype)[:40]!r}")
    size = prod(shape) * dtype.itemsize
    if size > most:
        raise Unreadable(f"expected at most {most >> 20} MB, got {size >> 20} MB")
    raw = member.read(size + 1)
    if len(raw) != size:
        raise Unreadable(f"expected {size} bytes of data, got {'more' if len(raw) > size else len(raw)}")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")


def short(error: Exception) -> str:
    """An exception in a few words."""
    return f"{type(error).__name__}: {error}"[:120]
