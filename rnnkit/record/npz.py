"""An npz that nobody vouches for, read array by array within limits: no pickle, nothing made before it is counted."""

from __future__ import annotations

import ast
import stat
import struct
import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rnnkit.common.names import BadValue

FILE, MEMBER, TOTAL = 128 << 20, 32 << 20, 192 << 20  # bytes: of a file, of one array, of what is read of a file
MEMBERS, DIRECTORY = 400, 1 << 17  # members of a file, bytes of its directory
HEADER = 4096  # bytes


class Unreadable(BadValue):
    """A file that is not read: the message says why."""


class Members:
    """The arrays of one npz, read one by one within limits.

    Raises:
        Unreadable: it is no plain npz, or too large.
    """

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
        except (OSError, ValueError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
            raise Unreadable(f"{name}: expected an array, got a damaged one ({short(error)})") from None
        self._left -= array.nbytes
        return array


def _check_directory(file: BinaryIO, size: int) -> None:
    """Refuses a zip by what its end says, before its directory is read into memory."""
    file.seek(max(0, size - 42))
    tail = file.read(42)
    if len(tail) < 42 or tail[20:24] != b"PK\x05\x06" or tail[40:] != b"\0\0":
        raise Unreadable("expected a whole npz, got something else, or a part of one")
    members, directory = struct.unpack("<HL", tail[30:36])
    if tail[:4] == b"PK\x06\x07" or members > MEMBERS or directory > DIRECTORY:
        raise Unreadable(f"expected at most {MEMBERS} arrays, got a larger directory")


def _array(member: Any, most: int) -> np.ndarray:
    """An array of a plain type, from its npy bytes; nothing is made before its size is known."""
    magic = member.read(8)
    if magic[:6] != b"\x93NUMPY" or magic[6:] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise Unreadable("expected an npy, got something else")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(member.read(width), "little")
    if length > HEADER:
        raise Unreadable(f"expected a header of at most {HEADER} bytes, got {length}")
    dtype, shape, fortran = _header(member.read(length))
    size = prod(shape) * dtype.itemsize
    if size > most:
        raise Unreadable(f"expected at most {most >> 20} MB, got {size >> 20} MB")
    raw = member.read(size + 1)
    if len(raw) != size:
        raise Unreadable(f"expected {size} bytes of data, got {'more' if len(raw) > size else len(raw)}")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")


def _header(text: bytes) -> tuple[np.dtype, tuple[int, ...], bool]:
    """What an npy's header says, where it is of a plain type."""
    try:
        header = ast.literal_eval(text.decode("latin-1").strip())
        descr, shape, fortran = header["descr"], header["shape"], header["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
        raise Unreadable("expected an npy's header, got something else") from None
    if type(shape) is not tuple or len(shape) > 4 or not all(type(n) is int and 0 <= n <= 1 << 31 for n in shape):
        raise Unreadable("expected a shape of at most 4 sizes")
    if type(descr) is not str or len(descr) > 8 or descr[:1] not in "<|" or descr[1:2] not in "fiubU":
        raise Unreadable(f"expected numbers or text, got dtype {str(descr)[:40]!r}")
    try:
        return np.dtype(descr), shape, bool(fortran)
    except TypeError:
        raise Unreadable(f"expected numbers or text, got dtype {descr!r}") from None


def short(error: Exception) -> str:
    """An exception in a few words."""
    return f"{type(error).__name__}: {error}"[:120]
