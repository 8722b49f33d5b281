"""The document's claims, each with a verdict that is computed from the sweeps' tables.

``python -m rnnkit.assignments.orthogonal_init.key.claims notebooks/orthogonal_init`` renews the table in the notes
there, INSTRUCTORS.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from rnnkit.assignments.orthogonal_init.key import judges
from rnnkit.assignments.orthogonal_init.key.judges import HEADLINE, IDENTITY, OTHERS, TWENTY, WIDE, fails, gap, no, over
from rnnkit.assignments.orthogonal_init.key.verdicts import LIMIT, Tables
from rnnkit.assignments.orthogonal_init.networks import SEQUENCES
from rnnkit.runs.claims import Claim, claims_table, renew
from rnnkit.runs.rows import Row

ARMS = {"init": "ortho"}, {"init": "random"}
ORTHO, RANDOM = ((arm, " ".join(TWENTY)) for arm in ARMS)


def _blind(row: Row) -> bool:
    return float(row["correlation"]) <= float(row["correlation_without"]) + 2 / sqrt(SEQUENCES)


CLAIMS = (
    Claim("`--all --seed 0` gives the table", "the program's defaults are the table's", judges.quoted_command),
    Claim("about 6k parameters per model", "a count that rounds to 6 thousand", judges.six_thousand),
    Claim("orthogonal solves all three tasks", "most seeds solve each",
          judges.parts({task: no(fails(*TWENTY, task=task, init="ortho")) for task in HEADLINE})),
    Claim("all six cells line up with the prediction", "most seeds have six such cells", judges.six_cells),
    Claim("the random run stays at chance forever", "no seed crosses a threshold", judges.random_forever),
    Claim("random is at chance on all three: it does not learn at all",
          "no more seeds than by luck (1 in 20) have an epoch better than the best of 80 at chance",
          judges.parts({task: judges.at_chance(task) for task in HEADLINE})),
    Claim("addition, random: indistinguishable from chance",
          "most seeds: the last ten epochs are on average within 2 standard errors of 1/12, or above",
          judges.networks("random", lambda row: LIMIT - float(row["late"]) <= 2 * float(row["late_se"]),
                          lambda rows: f"{over(rows, 'late', '.4f')} against {LIMIT:.4f}")),
    Claim("addition, random: outputs the per-batch mean",
          "most seeds: the output varies by less than 5 % of the target",
          judges.networks("random", lambda row: float(row["output_std"]) < 0.05 * float(row["target_std"]),
                          lambda rows: f"standard deviation {over(rows, 'output_std', '.3f')} (target "
                          f"{over(rows, 'target_std', '.3f').split()[0]}), correlation with the mean of all values "
                          f"{over(rows, 'correlation_values')}")),
    Claim("addition, random: ignores the marker channel entirely",
          f"most seeds: the output follows the target no better than without markers (correlation, {SEQUENCES} "
          "sequences, 2 standard errors)",
          judges.networks("random", _blind, lambda rows: f"correlation {over(rows, 'correlation')}, without markers "
                          f"{over(rows, 'correlation_without')}; the output changes by "
                          f"{over(rows, 'change_without', '.2g')}")),
    Claim("random fails because the spread of singular values is too wide",
          "N(0, 1/n), of the same spread 1.25 times wider, does no better on any task",
          judges.none({task: gap((WIDE, "inits"), RANDOM, task=task) for task in HEADLINE})),
    Claim("the spectral norm of 0.1 N(0, 1) is just over 1, so it is not too small",
          "norm below 1.1 and radius at least 1", judges.norm_over_one),
    Claim("orthogonal keeps the norm of the gradient", "half of it or more after 60 steps, input weights 0.1",
          judges.keeps_norm),
    Claim("1/sqrt(n) explodes at this T", "a run diverges, or the norm grows tenfold in 60 steps", judges.explodes),
    Claim("0.01 vanishes trivially", "most seeds fail", fails("gaussian", scale="0.01")),
    Claim("trained, orthogonal stays close to its flat profile",
          "most seeds keep 90 % of the singular values within 10 % of 1",
          judges.networks("ortho", lambda row: float(row["near_one"]) >= 0.9,
                          lambda rows: f"share {over(rows, 'near_one')}; smallest {over(rows, 'sigma_min')}, largest "
                          f"{over(rows, 'sigma_max')}, radius {over(rows, 'rho')}")),
    Claim("trained, random keeps its long tail of small singular values",
          "most seeds: nine tenths of those below ½ are still there",
          judges.networks("random", lambda row: float(row["small"]) >= 0.9 * float(row["small_start"]),
                          lambda rows: f"share {over(rows, 'small_start')} before, {over(rows, 'small')} after")),
    Claim("descent does not fix what initialization broke", "most seeds: the radius stays below 0.95",
          judges.networks("random", lambda row: float(row["rho"]) < 0.95,
                          lambda rows: f"radius {over(rows, 'rho_start')} before, {over(rows, 'rho')} after")),
    Claim("T = 80 breaks orthogonal on 3-bit memorization", "most seeds fail from there on, at 80 and 100 steps",
          judges.breaks_at_80),
    Claim("identity matches orthogonal on addition", "no gap", no(gap(ORTHO, (IDENTITY, "inits"), task="addition"))),
    Claim("identity is behind on 3-bit memorization", "a gap", gap(ORTHO, (IDENTITY, "inits"), task=HEADLINE[2])),
    Claim("with Nesterov addition converges more cleanly", "sooner in most seeds", judges.nesterov_cleaner),
    Claim("XOR is not solved in 100 epochs by either", "most runs fail", fails("xor")),
    Claim("XOR needs Nesterov and a schedule", "most runs without them fail", judges.xor_wants_nesterov),
    Claim("float precision should not matter", "the rates differ by 10 % at most", judges.precision_is_nothing),
    Claim("the same gap is expected on the other three tasks", "a gap on each",
          judges.parts({task: gap(*((arm, table) for arm in ARMS), task=task) for task, table in OTHERS.items()})),
    Claim("64 units show the gap", "a gap on addition", gap(*((arm, "width") for arm in ARMS), H="64")),
    Claim("temporal order is easier because its cues are one-hot",
          "most seeds solve addition of one-hot values sooner than of numbers", judges.one_hot_is_why),
    Claim("where orthogonal fails, a bad rotation is to blame",
          "from the matrix of a seed that failed most runs fail, too, with other data and other input weights",
          judges.bad_rotation),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Renews the notes of a folder of notebooks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where INSTRUCTORS.md and sweeps/ are")
    folder = parser.parse_args(argv).folder
    renew(folder / "INSTRUCTORS.md", claims_table(CLAIMS, Tables(folder / "sweeps")))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
