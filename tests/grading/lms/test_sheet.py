"""A platform's table comes back byte for byte, but for the cells that were put into it."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.common.names import BadValue
from rnnkit.grading.lms.sheet import Sheet

TABLE = 'id,name,grade\n7,"Lovelace, ""Ada""",\n8,a"b,"1"\n\n9,"two\nlines"'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_everything_stays_but_what_is_put(tmp_path, end, mark, bom):
    encoding = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(bom, "utf-8")
    text = TABLE.replace("\n", end).replace(",", mark).replace("Ada", "Ädä")
    path = tmp_path / "sheet"
    path.write_bytes(bom + text.encode(encoding))
    sheet = Sheet.read(path)
    assert sheet.content() == path.read_bytes()
    assert sheet.rows[1] == ["7", f'Lovelace{mark} "Ädä"', ""]
    assert sheet.rows[3:] == [[""], ["9", f"two{end}lines"]]
    sheet.put(1, 2, "12.5")
    sheet.put(2, 2, "3")
    sheet.put(4, 2, "=1")
    wanted = text.replace(f'ä"""{mark}', f'ä"""{mark}12.5').replace('"1"', '"3"') + f"{mark}=1"
    assert sheet.content() == bom + wanted.encode(encoding)


@given(st.text(alphabet='ab,;\t"\r\n', max_size=30))
def test_any_text_comes_back_or_is_no_table(text):
    try:
        sheet = Sheet(text)
    except ValueError:
        return
    assert sheet.content() == text.encode()


@given(st.lists(st.lists(st.text(alphabet='aä,"\r\n\t', max_size=6), min_size=2, max_size=3), min_size=1, max_size=4))
def test_what_is_put_is_read_again(rows):
    sheet = Sheet("a,b,c\n" + "x,,\n" * len(rows))
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            sheet.put(number, column, value)
    again = Sheet(sheet.content().decode())
    assert [row[: len(want)] for row, want in zip(again.rows[1:], rows, strict=True)] == rows


@pytest.mark.parametrize(
    ("content", "words"), [(b"id\n\xff\xfe\xfa", "as it was downloaded"), (b'id\n"a"b\n', "row 2: expected CSV")]
)
def test_what_is_no_table_is_refused(tmp_path, content, words):
    (tmp_path / "sheet.csv").write_bytes(content)
    with pytest.raises(BadValue, match=words):
        Sheet.read(tmp_path / "sheet.csv")
    with pytest.raises(BadValue, match="cannot be read"):
        Sheet.read(tmp_path / "none.csv")
