"""A made-up class: what is drawn, written and judged; and, slowly, one that is graded, killed and found out."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import combinations

import pytest
from confined import need_sandbox
from course import ASSIGNMENT
from forgeries import KINDS
from hostile import CASES
from whole_class import code, hand_in, judge, make, prose
from whole_class.__main__ import main
from whole_class.grading import Graded, Leg
from whole_class.plan import (
    ATTACKS,
    COPY,
    FORGED,
    GROUPS,
    HONEST,
    LACKS,
    MISTAKEN,
    PARTIAL,
    TOGETHER,
    Student,
    draw,
    known,
    read,
    sizes,
    truth,
)  # fmt: skip

from rnnkit.assignments.training_dynamics.questions import ASKED
from rnnkit.checks.runner import examine
from rnnkit.checks.solutions import student_object

CLASS = 200


@pytest.fixture(scope="module")
def students():
    return draw(CLASS, 1)


def test_a_class_of_many_has_everything_in_it(students):
    assert Counter(one.group for one in students) == sizes(CLASS)
    assert len({one.id for one in students}) == len({one.name for one in students}) == CLASS
    assert {kind for one in students for kind in one.forged.values()} == {*KINDS}
    assert {one.lacks for one in students if one.group == PARTIAL} == {*LACKS}
    assert len({one.attack for one in students if one.attack}) == sizes(CLASS)["hostile"]
    assert sum(len(one.mistakes) for one in students) >= 80
    assert sum(one.late_s > 0 for one in students) == CLASS // 8
    assert draw(CLASS, 1) == students != draw(CLASS, 2)
    assert read(json.loads(json.dumps(truth(students, CLASS, 1)))) == students


def test_a_small_class_has_some_of_everything():
    assert min(sizes(12).values()) == 2
    assert {run for one in draw(12, 1) for run in one.forged} == {*ASSIGNMENT.hand_in.runs}
    with pytest.raises(ValueError, match="at least 12"):
        sizes(11)


def test_no_injected_mistake_hides_another(students):
    for one in students:
        assert all(known(id, name) for id, name in one.mistakes.items())
        for group in TOGETHER:
            assert len(group & one.mistakes.keys()) <= 1


def test_attacks_are_those_that_deserve_nothing():
    assert [name for name in ATTACKS if CASES[name].points or CASES[name].is_right] == []


def test_answers_in_other_hands_are_right():
    rng = random.Random(1)
    for id, question in ASKED.items():
        if id == "cell_tests":
            continue  # tried in the slow test, by the grader
        text = code.answer(id, rng)
        assert examine(question, student_object(id, text)).points == question.points, (id, text)
        again = code.renamed(text, 2, rng)
        assert examine(question, student_object(id, again)).points == question.points, (id, again)


def test_answers_differ_between_students():
    texts = [[code.answer(id, random.Random(seed)) for id in ASKED] for seed in range(8)]
    for one, other in combinations(texts, 2):
        assert sum(a == b for a, b in zip(one, other, strict=True)) <= 8
    said = [prose.written("rho_mem", {}, random.Random(seed)) for seed in range(200)]
    assert len({*said}) == 200
    text = said[0]
    assert prose.edited(text, random.Random(0)) != text


def test_what_is_written_is_what_was_drawn(tmp_path):
    rng = random.Random(3)
    one = Student("1", "Ada", "B", MISTAKEN, 5, mistakes={"rho": "squared"}, empty=["clip"], lacks="report")
    hand_in.write(one, tmp_path / "course", tmp_path / "made", tmp_path / "work")
    copy = Student("2", "Ben", "C", COPY, 6, source="1", copied="code")
    hand_in.write(copy, tmp_path / "course", tmp_path / "made", tmp_path / "work")
    texts = {id: hand_in.cells_of(tmp_path / "made" / id, [f"{id}_solution" for id in ASKED]) for id in "12"}
    assert "** 2" in texts["1"]["rho"]
    assert "** 2" in texts["2"]["rho"]
    assert "NotImplementedError" in texts["1"]["clip"]
    assert texts["1"]["grad_time"] != texts["2"]["grad_time"]
    assert not (tmp_path / "made" / "1" / "4_report.ipynb").exists()
    assert (tmp_path / "made" / "2" / "4_report.ipynb").exists()
    assert rng.random() == random.Random(3).random()


def test_a_folder_of_another_class_is_refused(tmp_path):
    (tmp_path / make.TRUTH).write_text(json.dumps(truth(draw(12, 1), 12, 1)))
    with pytest.raises(ValueError, match="--count 12 --seed 1"):
        make.make(tmp_path, 13, 1, 1)


# ---- the judge ---------------------------------------------------------------------------------------------------


def entry(**about) -> dict:
    return {"graded": "now", "scores": {}, "evidence": [], "late": {}} | about


def score(points: float = 2, most: float = 2, *mistakes: str) -> dict:
    return {"points": points, "most": most, "text": "", "mistakes": [*mistakes]}


def test_the_judge_sees_what_was_lost_and_graded_again():
    some = [Student(id, id, id, HONEST, 1) for id in "abc"]
    graded = Graded([Leg(-9, 1, 1, 2), Leg(0, 1, 1, 2)], [{"a": "before", "b": "now"}], Leg(0, 1, 1, 0), True)
    missed = judge._kept(some, graded, {"a": entry(), "b": entry()}).missed
    assert [line.split(" ")[0] for line in missed] == ["c", "a"]
    assert judge._kept(some[1:2], Graded(again=Leg(0, 1, 1, 1)), {"b": entry()}).missed != []


def test_the_judge_sees_mistakes_that_are_not_told():
    one = Student("a", "a", "a", MISTAKEN, 1, mistakes={"rho": "squared", "clip": "always"})
    message = known("rho", "squared").message
    told = {"a": entry(scores={"rho": score(0, 2, message), "clip": score(0, 2, "something else")})}
    row, innocent = judge._mistakes([one], told)
    assert (row.truth, row.found, len(row.missed), innocent.missed) == (2, 1, 1, [])
    honest = Student("b", "b", "b", HONEST, 1)
    assert judge._mistakes([honest], {"b": entry(scores={"rho": score(0, 2, message)})})[1].missed != []


def test_the_judge_sees_mistakes_that_are_not_counted():
    told = {"a": entry(scores={"rho": score(0, 2, "=one")}), "b": entry(scores={"rho": score(0, 2, "=one", "two")})}
    assert judge._counted({("rho", "'=one"): 2, ("rho", "two"): 1}, told).missed == []
    assert len(judge._counted({("rho", "'=one"): 1}, told).missed) == 2


def test_the_judge_sees_forgeries_that_are_not_told_and_honest_records_that_are():
    audited = {("a", "A2"): ["differs"], ("b", "B1"): []}
    forger = Student("a", "a", "a", FORGED, 1, ["A1", "A2", "A3"], forged={"A1": "x", "A2": "y", "A3": "z"})
    honest = Student("b", "b", "b", HONEST, 1, ["A1", "B1"])
    seed = "A1, B1: settings are not the handout's: seed 3 (handout 52)"
    told = {"a": entry(evidence=["A1: rho_Whh is not that of the weights"]), "b": entry(evidence=[seed])}
    row, accused = judge._forged(audited, [forger, honest], told)
    assert (row.found, len(row.missed), accused.missed) == (2, 1, [])
    told["b"]["evidence"].append("B1: rho_Whh is not that of the weights")
    assert len(judge._forged(audited, [forger, honest], told)[1].missed) == 1


def test_the_judge_holds_against_wrong_cells_only_what_training_again_gives():
    one = Student("a", "", "", MISTAKEN, 1, ["A4"], mistakes={"gru_step": "detached"})
    told = {"a": entry(evidence=["A4: gate_z_sat_time goes from -2 to 1"])}
    accused = judge._forged({("a", "A4"): ["W_hh is the same at 5 anchors"]}, [one], told)[1]
    assert (accused.missed, len(accused.notes)) == ([], 2)
    assert len(judge._forged({("a", "A4"): ["differs from update 1 on"]}, [one], {})[1].missed) == 1


def test_the_judge_knows_which_runs_a_line_is_about():
    lines = {
        "A2-A4, B1: W_hh is not finite": {"A2", "A3", "A4", "B1"},
        "runs: made with another model.py than 1_cells.ipynb gives: B2": {"B2"},
        "B2: A1 of another": {"B2"},
    }
    assert {line: judge._runs_of(line) for line in lines} == lines


def test_the_judge_sees_copies_that_are_not_found_and_honest_ones_that_are():
    some = [Student("a", "", "", HONEST, 1), Student("b", "", "", PARTIAL, 1)]
    copies = [Student(id, "", "", COPY, 1, source="a", copied="all") for id in "cd"]
    row, innocent = judge._copied([{"a", "c"}, {"a", "b"}], [*some, *copies])
    assert (row.found, len(row.missed), len(innocent.missed)) == (1, 1, 1)


def test_the_judge_sees_who_is_late_without_being_and_the_other_way_round():
    late, early = Student("a", "", "", HONEST, 1, late_s=7200), Student("b", "", "", HONEST, 1, late_s=-5)
    said = {"a": entry(late={"seconds": 7190}), "b": entry()}
    assert judge._late([late, early], said).missed == []
    assert len(judge._late([late, early], {"a": entry(), "b": entry(late={"seconds": 9000})}).missed) == 2


def test_whatever_is_wrong_is_told(capsys):
    assert judge.told([judge.Row("one", 1, 1)])
    assert not judge.told([judge.Row("one", 1, 1), judge.Row("two", 1, 0, ["it is lost"])])
    assert "WRONG  two: it is lost" in capsys.readouterr().out


@pytest.mark.slow
def test_a_class_is_made_graded_killed_and_found_out(tmp_path, capsys):
    need_sandbox()
    assert main([str(tmp_path / "class"), "--count", "12", "--kills", "2"]) == 0, capsys.readouterr().out
    assert {one.group for one in make.stored(tmp_path / "class")} == {*GROUPS}
