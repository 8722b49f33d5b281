"""Tables of notebooks: an interval is not broken into lines, and text alone has plain columns."""

from __future__ import annotations

from rnnkit.plots.markdown import Table


def test_an_interval_stays_in_one_line_of_its_cell():
    table = Table("| loss (nats) | said |\n| --- | --- |\n| 0.4 (0.3 to 1e-05) | up to (and with) 3 |")
    assert table._repr_markdown_().splitlines()[2] == "| 0.4 (0.3\xa0to\xa01e-05) | up to (and with) 3 |"
    assert repr(table).splitlines()[1].split("  ")[0] == "0.4 (0.3 to 1e-05)"
