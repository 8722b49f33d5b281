"""The sweeps that are checked in: whole, and their tables and page are what the rows say."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_tables import every_run

from rnnkit.assignments.orthogonal_init.tables import crossed, markdown, rates, readme
from rnnkit.runs.rows import read_table

SWEEPS = Path(__file__).parents[3] / "notebooks/orthogonal_init/sweeps"
DONE = sorted(table for path in SWEEPS.glob("*.toml") if (table := path.with_suffix(".csv")).exists())
TABLE = """\
run,init,seed,status,updates,chance,final,best,solved_epoch,sustained
a,ortho,0,solved,90,0.25,0.99,0.99,3,True
b,ortho,1,solved,90,0.25,0.40,0.95,8,False
c,ortho,2,finished,90,0.25,0.40,0.50,,False
d,random,0,diverged,60,0.25,nan,0.30,,False
e,random,1,finished,90,0.25,0.20,nan,,False
f,random,2,failed,,,,,,
"""


@pytest.mark.parametrize("table", DONE, ids=lambda path: path.stem)
def test_a_table_has_every_run_of_its_sweep(table):
    every_run(table)


def test_the_page_of_the_sweeps_is_what_their_tables_say():
    assert (SWEEPS / "README.md").read_text() == readme(SWEEPS)


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text(TABLE)
    return read_table(path)


def test_rates_of_what_varied(rows):
    ortho, random = rates(rows)
    assert (ortho.kind, ortho.runs, ortho.solved, ortho.sustained) == ({"init": "ortho"}, 3, 2, 1)
    assert ortho.interval == pytest.approx((0.2077, 0.9385), abs=1e-4)
    assert (ortho.epochs, ortho.best) == ([3, 8], [0.99, 0.95, 0.5])
    assert (random.runs, random.solved, random.epochs, random.best) == (2, 0, [], [0.3])  # what failed has no result
    assert [rate.runs for rate in rates(rows, by=["seed"])] == [2, 2, 1]


def test_the_table_in_words(rows):
    _, _, ortho, random = markdown(rates(rows)).splitlines()
    assert ortho == "| ortho | 2 of 3 | 21 to 94 % | 5.5 (3 to 8) | 1 of 3 | 0.95 (0.5 to 0.99) | 0.25 |"
    assert random == "| random | 0 of 2 | 0 to 66 % |  | 0 of 2 | 0.3 (0.3 to 0.3) | 0.25 |"


def test_matrices_against_data():
    runs = [("0", "0", "12"), ("0", "6", ""), ("6", "0", "40"), ("6", "6", "7")]
    table = crossed([dict(zip(("weight_seed", "data_seed", "solved_epoch"), run, strict=True)) for run in runs])
    assert table.splitlines()[2:] == ["| 0 | 12 | never |", "| 6 | 40 | 7 |"]
