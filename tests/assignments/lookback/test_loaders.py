"""The coursework's files and Linzen's table, of which small ones are written here."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from rnnkit.assignments.lookback import loaders
from rnnkit.assignments.lookback.corpus import words
from rnnkit.assignments.lookback.loaders import load_linzen, load_vocabulary, load_wiki_lm, load_wiki_np
from rnnkit.assignments.lookback.vocabulary import SPECIAL
from rnnkit.common.names import BadValue

HEADER = "sentence\tsubj_idx\tverb_idx\tverb_pos\tverb\tinflected_verb"
ROWS = [
    "the cat near the dogs is old .\t1\t5\tVBZ\tis\tare",
    "NNP , birds are old .\t2\t3\tVBP\tare\tis",
    "dogs are old .\t0\t1\tVBP\tare\tis",
]
WORDS = [*SPECIAL, "is", "are", "cat", "dogs", "old", "near", "birds"]


@pytest.fixture
def folder(tmp_path):
    vocabulary = [f"{word}\t{100 - n}\t0.01" for n, word in enumerate(WORDS)]
    (tmp_path / "vocab.wiki.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    for name in ("train", "dev", "test"):
        (tmp_path / f"wiki-{name}.txt").write_text("\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    return tmp_path


def test_number_prediction(folder):
    splits = load_wiki_np(folder, 3, 2, 1, V=14)
    assert splits.vocabulary.decode(splits.train.x[0]) == "the cat near the dogs"
    assert splits.vocabulary.decode(splits.train.x[1]) == "UNK , UNK"  # birds is the fifteenth word
    assert splits.train.d.tolist() == [0, 1, 1]
    assert splits.train.distance.tolist() == [4, 1, 1]
    assert splits.train.attractors.tolist() == [-1, -1, -1]
    assert splits.train.verbs.tolist() == [[8, 9], [9, 8], [9, 8]]
    assert [len(part.x) for part in splits[:3]] == [3, 2, 1]
    assert splits.train.unknown == 2 / 9


def test_language_model(folder):
    splits = load_wiki_lm(folder, 1, 1, 3)
    assert splits.vocabulary.decode(splits.test.x[2]) == "<s> dogs are old ."
    assert splits.vocabulary.decode(splits.test.d[2]) == "dogs are old . </s>"
    assert [splits.test.d[i][splits.test.at[i]] for i in range(3)] == splits.test.verbs[:, 0].tolist()
    assert splits.vocabulary.size == len(WORDS)


def test_reading_goes_no_further_than_needed(folder):
    path = folder / "wiki-train.txt"
    path.write_text(path.read_text(encoding="utf-8") + "nonsense\n", encoding="utf-8")
    assert len(load_wiki_np(folder, 3, 1, 1).train.x) == 3
    with pytest.raises(BadValue, match="line 5: expected 6 columns with tabs between, got 1"):
        load_wiki_np(folder, 4, 1, 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("the cat is old .\t1\t2\tVBZ\tis", "expected 6 columns with tabs between, got 5"),
        ("the cat is old .\t1\ttwo\tVBZ\tis\tare", "verb_idx to be a whole number from 1 to 4, got 'two'"),
        ("the cat is old .\t1\t5\tVBZ\tis\tare", "verb_idx to be a whole number from 1 to 4, got '5'"),
        ("the cat is old .\t1\t-1\tVBZ\tis\tare", "verb_idx to be a whole number from 1 to 4, got '-1'"),
        ("the cat is old .\t2\t2\tVBZ\tis\tare", "subj_idx to be a whole number from 0 to 1, got '2'"),
        ("the cat is old .\t1\t2\tVBD\twas\twere", "verb_pos to be VBZ or VBP, got 'VBD'"),
        ("the cat is old .\t1\t2\tVBZ\t\tare", "verb and inflected_verb, got an empty one"),
        ("\t1\t2\tVBZ\tis\tare", "a sentence of at least 2 words, got ''"),
    ],
)
def test_a_malformed_row_is_told_by_its_file_its_line_and_what_was_expected(folder, row, said):
    path = folder / "wiki-dev.txt"
    path.write_text("\n".join([HEADER, ROWS[0], row, ROWS[1]]), encoding="utf-8")
    with pytest.raises(BadValue) as told:
        load_wiki_np(folder, 1, 3, 1)
    assert str(told.value).startswith(f"{path}, line 3: expected ")
    assert said in str(told.value)


def test_other_malformed_files(folder):
    dev, vocabulary = folder / "wiki-dev.txt", folder / "vocab.wiki.txt"
    good = vocabulary.read_text(encoding="utf-8")
    vocabulary.write_text(good + "lonely\n", encoding="utf-8")
    with pytest.raises(
        BadValue, match=r"vocab\.wiki\.txt, line 16: expected a word, its count and its frequency, got 1"
    ):
        load_vocabulary(vocabulary)
    vocabulary.write_text(good.replace("\t99\t", "\tmany\t"), encoding="utf-8")
    with pytest.raises(BadValue, match="line 2: expected the count to be a whole number"):
        load_vocabulary(vocabulary)
    vocabulary.write_text(good, encoding="utf-8")
    dev.write_text("\n".join(ROWS), encoding="utf-8")
    with pytest.raises(BadValue, match=r"line 1: expected the columns sentence, subj_idx, .* got no sentence"):
        load_wiki_np(folder, 1, 1, 1)
    dev.write_text("", encoding="utf-8")
    with pytest.raises(BadValue, match="got an empty file"):
        load_wiki_np(folder, 1, 1, 1)
    dev.write_bytes(f"{HEADER}\n{ROWS[0]}\n".encode() + b"caf\xe9 is\t0\t1\tVBZ\tis\tare\n")
    with pytest.raises(BadValue, match="line 3: expected text in UTF-8"):
        load_wiki_np(folder, 1, 2, 1)
    dev.unlink()
    with pytest.raises(BadValue, match=r"expected a file .*wiki-dev\.txt, found none"):
        load_wiki_np(folder, 1, 1, 1)


def test_too_few_sentences(folder):
    with pytest.raises(BadValue, match=r"wiki-test\.txt: expected 4 sentences, found 3"):
        load_wiki_lm(folder, 1, 1, 4)
    with pytest.raises(BadValue, match="expected at least 1 sentence, got 0"):
        load_wiki_lm(folder, 0, 1, 1)


# ---- Linzen's table -------------------------------------------------------------------------------------------------

COLUMNS = ["sentence", "orig_sentence", "subj_index", "verb_index", "verb_pos", "n_diff_intervening", "distance"]


def table(*sentences: str) -> str:
    rows = [f"{one}\tkept as it was\t2\t6\tVBZ\t1\t4" for one in sentences]
    return "\r\n".join(["\t".join(COLUMNS), *rows, ""])


NEAR = [f"the cat near {one} dogs is old ." for one in ("the", "my", "the", "our", "no")]


@pytest.mark.parametrize("name", ["agr.tsv", "agr.tsv.gz"])
def test_linzens_table(tmp_path, name):
    path = tmp_path / name
    content = table(*NEAR).encode()
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    splits = load_linzen(path, 2, 1, 1)
    said = [splits.vocabulary.decode(part.x[0]) for part in splits[:3]]
    assert said == ["the cat near our dogs", "the cat near the dogs", "the cat near UNK dogs"]  # a repeated one is not
    assert splits.train.attractors.tolist() == [1, 1]
    assert splits.train.distance.tolist() == [4, 4]
    assert splits.train.verbs.tolist() == [[-1, -1]] * 2
    assert load_linzen(path, 2, 1, 1, vocabulary=splits.vocabulary, head=words).train.d[0][-1] == SPECIAL.index("</s>")
    with pytest.raises(BadValue, match=r"expected 3 sentences, found 2"):
        load_linzen(path, 3, 1, 1)


def test_a_field_of_linzens_table_may_stand_in_quotation_marks(tmp_path):
    path = tmp_path / "agr.tsv"
    path.write_text(table('"the cat near ""my"" dogs is old ."'), encoding="utf-8")
    (row,) = loaders.rows(path, loaders.LINZEN)
    assert row.words[3] == '"my"'
    assert (row.subject, row.verb) == (1, 5)


def test_a_malformed_row_of_linzens_table(tmp_path):
    path = tmp_path / "agr.tsv"
    path.write_text(table(*NEAR).replace("\t2\t6\t", "\t0\t6\t"), encoding="utf-8")
    with pytest.raises(
        BadValue, match=r"agr\.tsv, line 2: expected subj_index to be a whole number from 1 to 5, got '0'"
    ):
        load_linzen(path, 1, 1, 1)
    path.write_bytes(gzip.compress(table(*NEAR).encode())[:-9])
    broken = path.rename(tmp_path / "agr.tsv.gz")
    with pytest.raises(BadValue, match=r"agr\.tsv\.gz, line \d"):
        list(loaders.rows(broken, loaders.LINZEN))


def test_numbers_that_are_known_are_kept_as_arrays(folder):
    part = load_wiki_np(folder, 3, 1, 1).train
    for field in (part.d, part.distance, part.attractors, part.label, part.at):
        assert np.issubdtype(field.dtype, np.integer)
        assert field.shape == (3,)
