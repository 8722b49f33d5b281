"""A saved notebook as a PDF, offline and in seconds: text, formulas, code, outputs; nothing of it is executed.

Pandoc reads the Markdown and Typst sets the page. A cell that they cannot set is shown as it was typed, and named.
"""

from __future__ import annotations

import base64
import io
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rnnkit.common.extras import lacks
from rnnkit.notebook.cells import joined, marking_of, name_of, read_notebook, text_of
from rnnkit.notebook.typst import Image, PdfError, convert, string, wrapped

TEXT_WIDTH, TALLEST = 470, 640  # points on the page
POINTS = 0.52  # points for a pixel of a figure
MOST_PIXELS = 2000  # the longer side of an image; a larger one is scaled down
MOST_LINES, MOST_TEXT = 120, 20_000  # of an output, of a cell shown as typed
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]")
RASTER, SVG = ("image/png", "image/jpeg"), "image/svg+xml"
LOCAL = (".png", ".jpg", ".jpeg")
HERE = Path(__file__).parent  # kit.typ is what each cell may use, page.typ how the pages look


@dataclass(frozen=True)
class Pdf:
    """A PDF: its bytes, and one line for each cell, formula or image that could not be set as it was meant."""

    content: bytes
    notes: tuple[str, ...] = ()


@dataclass
class _Piece:
    """A cell, or an output of one: its name, its Typst, and the Typst of how it is shown should that fail."""

    name: str
    typst: str
    typed: str
    answer: bool = False


def report_pdf(notebook: str | Path, header: str = "") -> Pdf:
    """The PDF of a saved notebook, with the outputs that are saved in it, and a line for the top of every page.

    The same notebook gives the same bytes. Images that its text names are looked for beside it.

    Raises:
        NotebookError: it cannot be read.
        PdfError: pandoc or Typst is missing, or no PDF comes out.
    """
    if lacking := lacks("pdf"):
        raise PdfError(f"{lacking}, or give your own PDF with --pdf")
    path = Path(notebook)
    with tempfile.TemporaryDirectory(prefix="rnnkit-pdf-") as name:
        pages = _Pages(Path(name), path.parent)
        pieces = pages.pieces(read_notebook(path)["cells"])
        page = (HERE / "page.typ").read_text(encoding="utf-8")
        front = page.replace("{title}", string(path.stem)).replace("{header}", string(header or path.stem))
        return Pdf(pages.compile(front, pieces), tuple(pages.notes))


class _Pages:
    """A folder in which a document is put together."""

    def __init__(self, folder: Path, beside: Path) -> None:
        self.folder, self.beside, self.notes, self.images = folder, beside.resolve(), [], 0
        shutil.copy(HERE / "kit.typ", folder)

    def pieces(self, cells: list[dict[str, Any]]) -> list[_Piece]:
        """What stands on the page, cell by cell."""
        named = [(name_of(cell) or str(number), cell) for number, cell in enumerate(cells, 1)]
        texts, images = [], []
        for name, cell in named:
            own = [text_of(cell)] if cell.get("cell_type") == "markdown" else _markdown(cell)
            texts += own
            images += [self._images_of(cell, name)] * len(own)
        converted, unread = convert(texts, images)
        self.notes += [f"formula {tex[:80]!r} is not understood and stands as it was typed" for tex in unread]
        typst = iter(converted)
        pieces = []
        for name, cell in named:
            if cell.get("cell_type") == "markdown":
                pieces.append(self._text(name, cell, next(typst)))
            else:
                said = [next(typst) for _ in _markdown(cell)]
                pieces += self._code(name, cell, iter(said)) if text_of(cell).strip() else []
        return pieces

    def _text(self, name: str, cell: dict[str, Any], typst: str | None) -> _Piece:
        typed = _verbatim(text_of(cell))
        if typst is None:
            self._as_typed(name)
        return _Piece(name, typed if typst is None else typst, typed, bool(marking_of(cell).get("solution")))

    def _as_typed(self, name: str) -> None:
        self.notes.append(f"cell {name} cannot be set on a page as it was meant; it stands there as it was typed")

    def _code(self, name: str, cell: dict[str, Any], said: Iterator[str | None]) -> list[_Piece]:
        """A code cell and its saved outputs: figures, else Markdown (its Typst is said), else text."""
        code = f"#code({string(wrapped(text_of(cell)))})"
        pieces = [_Piece(name, code, code)]
        instead = _verbatim("[an output that cannot be set on a page; it is in the notebook]")
        for output in _outputs(cell):
            data, typst = output.get("data", {}), next(said) if _is_markdown(output) else None
            text = output.get("text") or data.get("text/plain") or output.get("traceback") or ""
            if any(kind in data for kind in (*RASTER, SVG)):
                if image := self._stored(data, name, _alt(data), (*RASTER, SVG)):
                    pieces.append(_Piece(name, image, instead))
            elif text or typst:
                plain = "\n".join(text) if output.get("output_type") == "error" else joined(text)
                plain = f"#output({string(_cut(plain))})"
                pieces.append(_Piece(name, f"#said[\n{typst}\n]", plain) if typst else _Piece(name, plain, instead))
        return pieces

    def _stored(self, data: Mapping[str, Any], name: str, alt: str, kinds: Iterable[str] = RASTER) -> str | None:
        """The image that a notebook holds, of the first of these kinds that there is; `alt` are its words."""
        kind = next((kind for kind in kinds if kind in data), None)
        if kind is None:
            return None
        text = joined(data[kind])
        if kind == SVG:
            return f"#image({self._file(text.encode(), 'svg')}, alt: {_as_alt(alt)})"
        try:
            return self._image(base64.b64decode(text), name, alt)
        except ValueError:
            return self._image(b"", name, alt)

    def _images_of(self, cell: Mapping[str, Any], name: str) -> Image:
        """Where a text cell's images are had from: its attachments, and PNG and JPEG files beside the notebook."""

        def image(address: str, alt: str) -> str | None:
            address = unquote(address.removeprefix("attachment:"))
            if data := (cell.get("attachments") or {}).get(address):
                return self._stored(data, name, alt)
            if "://" in address or not address.lower().endswith(LOCAL):
                return None
            try:
                path = (self.beside / address).resolve()
                return self._image(path.read_bytes(), name, alt) if path.is_relative_to(self.beside) else None
            except (OSError, ValueError):
                return None

        return image

    def _image(self, content: bytes, name: str, alt: str) -> str | None:
        """An image, scaled down where it is huge; None, and a note, for what is no image."""
        try:
            content, kind, (width, height) = _readable(content)
        except Exception as error:  # whatever Pillow says of bytes that are no image, or a bomb
            self.notes.append(f"cell {name}: an image cannot be read and is left out ({type(error).__name__})")
            return None
        scale = min(POINTS, TEXT_WIDTH / width, TALLEST / height)
        return f"#image({self._file(content, kind)}, width: {scale * width:.1f}pt, alt: {_as_alt(alt)})"

    def _file(self, content: bytes, kind: str) -> str:
        """Puts an image into the folder; its name as a Typst string."""
        self.images += 1
        file = f"image_{self.images}.{kind}"
        (self.folder / file).write_bytes(content)
        return string(file)

    def compile(self, front: str, pieces: list[_Piece]) -> bytes:
        """The PDF; where Typst refuses, the pieces that it refuses alone are shown as they were typed."""
        files = [f"cell_{number}.typ" for number in range(len(pieces))]
        for file, piece in zip(files, pieces, strict=True):
            self._write(file, piece, piece.typst)
        try:
            return self._typst(front, files)
        except PdfError as error:
            refusal = error
        for file, piece in zip(files, pieces, strict=True):
            try:
                self._typst(front, [file])
            except PdfError:
                self._as_typed(piece.name)
                self._write(file, piece, piece.typed)
        try:
            return self._typst(front, files)
        except PdfError:
            raise refusal from None

    def _write(self, file: str, piece: _Piece, typst: str) -> None:
        text = f"#answer[\n{typst}\n]" if piece.answer else typst
        (self.folder / file).write_text(f'#import "kit.typ": *\n{text}\n', encoding="utf-8")

    def _typst(self, front: str, files: list[str]) -> bytes:
        import typst

        main = self.folder / "main.typ"
        main.write_text(front + "".join(f'#include "{file}"\n' for file in files), encoding="utf-8")
        try:
            return typst.compile(str(main), root=str(self.folder))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of Typst is no Exception
            raise PdfError(f"expected Typst to set the page, got: {str(error)[:300]}; give a PDF with --pdf") from None


def _outputs(cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    return cell.get("outputs", []) if cell.get("cell_type") == "code" else []


def _is_markdown(output: Mapping[str, Any]) -> bool:
    """Whether an output is a table or a text in Markdown, and no figure."""
    data = output.get("data", {})
    return "text/markdown" in data and not any(kind in data for kind in (*RASTER, SVG))


def _markdown(cell: Mapping[str, Any]) -> list[str]:
    """The Markdown among a cell's outputs."""
    return [joined(output["data"]["text/markdown"]) for output in _outputs(cell) if _is_markdown(output)]


def _readable(content: bytes) -> tuple[bytes, str, tuple[int, int]]:
    """An image that Typst can read: its bytes, the ending of its name, and its size in pixels."""
    import PIL.Image

    with PIL.Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
        kind = "png" if image.format == "PNG" else "jpg"
        image.load()
        if max(image.size) <= MOST_PIXELS:
            return content, kind, image.size
        small = image.convert("RGB")
        small.thumbnail((MOST_PIXELS, MOST_PIXELS))
        scaled = io.BytesIO()
        small.save(scaled, "PNG" if kind == "png" else "JPEG")
        return scaled.getvalue(), kind, small.size


def _as_alt(said: str) -> str:
    """Words that stand for an image, as Typst takes them."""
    return string(said) if said else "none"


def _alt(data: Mapping[str, Any]) -> str:
    """The words of an output's image; none where it has but the name of its Python object."""
    said = joined(data.get("text/plain") or "")[:MOST_TEXT]
    return "" if said.startswith("<") else said


def _verbatim(text: str) -> str:
    return f"#plain({string(_cut(text))})"


def _cut(text: str) -> str:
    """Text of an output in lines that fit the page, without colours; what is too long is cut, and says so."""
    lines = wrapped(ANSI.sub("", text)[:MOST_TEXT].rstrip("\n")).split("\n")
    rest = len(lines) > MOST_LINES or len(text) > MOST_TEXT
    return "\n".join([*lines[:MOST_LINES], *(["[... the rest is in the notebook]"] if rest else [])])
