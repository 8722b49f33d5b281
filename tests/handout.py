"""The handout's commands, letter for letter (its section 3)."""

from __future__ import annotations

import shlex

COMMON = """\\
--nhid 50 --lr 0.01 --bs 20 --min_length 50 --max_length 200 \\
--maxiters 50000 --ebs 10000 --cbs 1000 --checkFreq 20 \\
--seed 52 --valid_seed 12345 --collectDiags --diagBins 60 --satThresh 0.05 \\
"""
HANDOUT = {
    "A1": r"""python -m trainingRNNs_torch.train --task mem --model rnn --alpha 0.0 \
--clipstyle nothing """ + COMMON + "--name A1_mem_rnn_tanh_noclip",
    "A2": r"""python -m trainingRNNs_torch.train --task mem --model rnn --alpha 0.0 \
--clipstyle rescale --cutoff 0.05 """ + COMMON + "--name A2_mem_rnn_tanh_clip005",
    "A3": r"""python -m trainingRNNs_torch.train --task mem --model rnn --alpha 0.0 \
--clipstyle rescale --cutoff 0.01 """ + COMMON + "--name A3_mem_rnn_tanh_clip001",
    "A4": r"""python -m trainingRNNs_torch.train --task mem --model gru --alpha 0.0 \
--clipstyle nothing --diagGates """ + COMMON + "--name A4_mem_gru_noclip",
    "A5": r"""python -m trainingRNNs_torch.train --task mem --model gru --alpha 0.0 \
--clipstyle rescale --cutoff 0.05 --diagGates """ + COMMON + "--name A5_mem_gru_clip005",
    "B1": r"""python -m trainingRNNs_torch.train --task mul --model rnn --alpha 0.0 \
--clipstyle nothing """ + COMMON + "--name B1_mul_rnn_tanh_noclip",
    "B2": r"""python -m trainingRNNs_torch.train --task mul --model gru --alpha 0.0 \
--clipstyle nothing --diagGates """ + COMMON + "--name B2_mul_gru_noclip",
}  # fmt: skip


def words_of(command) -> list[str]:
    """A pasted command as the shell reads it, without ``python -m module``."""
    words = shlex.split(command.replace("\\\n", ""))
    assert words[:3] == ["python", "-m", "trainingRNNs_torch.train"]
    return words[3:]
