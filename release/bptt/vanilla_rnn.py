"""The document's first example, ``python3 vanilla_rnn.py``: shapes, and how many parameters there are."""

from rnnkit.assignments.bptt.examples import vanilla_rnn

if __name__ == "__main__":
    vanilla_rnn()
