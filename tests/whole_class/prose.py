"""Answers to the report's questions, each put together anew from a grammar, with numbers of the student's own runs."""

from __future__ import annotations

import random
import re

# "a|b" is a choice, "<name>" another rule; both are written out until only words are left.
RULES = {
    "see": "I see|we find|my figure shows|it turns out|the curves say|one can read off|what I get is|from the plot",
    "hedge": "clearly|as far as I can tell|to my surprise|more or less|by and large|roughly speaking|"
    "without doubt|mostly",
    "thus": "hence|so|for that reason|which is why|this means that|it follows that|therefore|in other words",
    "small": "tiny|small|low|modest|hardly above nothing|weak|close to zero|negligible",
    "large": "large|strong|considerable|high|pronounced|well above the rest|noticeable",
    "grad": "the gradient through time|dL/dh_t|g_t|what flows back|the backward signal|the total derivative",
    "moves": "falls off|decays|dies out|shrinks|stays level|keeps its size|levels out|sinks step by step",
    "because": "because|since|as|given that|for the simple reason that|seeing that",
    "net": "the plain network|the vanilla cell|the RNN|the tanh network|the network without gates",
    "gated": "the GRU|the gated network|the net with gates|the gated cell",
    "clip": "clipping|the rescaling|cutting the norm|a cutoff|the norm limit",
    "why_grad": "every step has a loss of its own|only the last step is asked|"
    "the repeated product with W_hh is contracting|"
    "the tanh slope is below one|the gates leave a direct path open|later steps send back almost nothing|"
    "the weights have hardly moved|the step size is so limited",
    "why_sat": "the units sit near the middle of their range|the inputs push the units outwards|"
    "the weights have grown during training|the loss asks for confident outputs|nothing forces the units apart|"
    "the initial weights were already large",
    "why_rho": "the spectral radius started near one|the update never touches that direction much|"
    "learning pushes eigenvalues outwards|the cutoff keeps W_hh where it began|"
    "the radius says little about a gated cell",
    "why_gate": "the update gate stays open|the reset gate is half shut|z is small nearly everywhere|"
    "the bias of z holds the old state|both gates hover about one half|the gates close only on blanks",
    "why": "<why_grad>|<why_sat>|<why_rho>|<why_gate>",
    "compare": "<hedge> {a} is above {b}|{b} comes out below {a}|between {a} and {b} there is a <large> gap|"
    "{a} and {b} are hard to tell apart|set side by side, {a} and {b} differ less than I expected",
    "number": "the loss of {a} ends at {nll_a} nats|{a} finishes with {err_a} % wrong|"
    "rho of {a} goes from {r0_a} to {r1_a}|"
    "{b} stops at a loss of {nll_b}|in {b} the radius ends at {r1_b}|the last error of {b} is {err_b} %|"
    "numbers first: {a} has {nll_a}, {b} has {nll_b}",
    "claim": "<see> that <grad> <moves> in {a}|<hedge>, <grad> <moves> for {b}|"
    "<see> a <small> value for {a} and a <large> "
    "one for {b}|<gated> keeps more than <net>|<clip> changes the path, not the quantity itself|"
    "with <clip> {a} <moves>|<net> has <small> values while <gated> has <large> ones",
    "sense": "<thus> <why>|this is <because> <why>|<because> <why>, <compare>|my explanation: <why>|"
    "I would have guessed the opposite, but <why>|<why>, and <thus> <compare>",
    "close": "a longer run would settle it|with one seed I would not bet on it|the figure of {b} supports this|"
    "this agrees with what I foretold|this is not what I foretold|more updates may change the picture|"
    "I tried to check it with the table as well|the handout says the same in section {section}",
}  # fmt: skip
HYPOTHESIS = (
    "Hypothesis: <clip> at {cutoff} will make {a} <moves>. ", "What I tried: {a} with a cutoff of {cutoff}. ",
    "I expected <grad> of {a} to be <large> with lr {cutoff}. ",
    "Question: does <clip> matter below {cutoff} for {a}? ",
)  # fmt: skip
CHATS = ("none", "None.", "no chats", "I used no AI", "none at all", "nothing was used")


def written(question: str, figures: dict[str, dict[str, str]], rng: random.Random) -> str:
    """An answer of three to six sentences.

    Arguments:
        question: its id, which says of which runs it is.
        figures: run -> ``nll``, ``err``, ``r0``, ``r1`` as a student would quote them; may be empty.
    """
    if question == "ai_chats":
        return rng.choice(CHATS)
    task = "B" if question.endswith("_mul") else "A"
    runs = [run for run in figures if run[0] == task] or [f"{task}1", f"{task}2"]
    parts = ["claim", "number", "sense", *rng.choices(["claim", "number", "sense", "compare"], k=rng.randint(0, 2))]
    rng.shuffle(parts)
    sentences = [_sentence(f"<{part}>", runs, figures, rng) for part in (*parts, "close")]
    opening = _sentence(rng.choice(HYPOTHESIS), runs, figures, rng) + " " if question == "own_experiment" else ""
    return opening + " ".join(sentences)


def edited(text: str, rng: random.Random, words: int = 3) -> str:
    """The same answer with some words left out or exchanged."""
    parts = text.split(" ")
    for _ in range(min(words, len(parts) // 8)):
        place = rng.randrange(len(parts))
        parts[place] = rng.choice(["really", "also", "then", "indeed", parts[place].strip(".,")])
    return " ".join(parts)


def _sentence(rule: str, runs: list[str], figures: dict[str, dict[str, str]], rng: random.Random) -> str:
    text = rule
    while "<" in text:
        text = re.sub(r"<(\w+)>", lambda found: rng.choice(RULES[found[1]].split("|")), text)
    a, b = rng.sample(runs, 2) if len(runs) > 1 else (runs[0], runs[0])
    words = {"a": a, "b": b, "cutoff": f"{rng.uniform(0.02, 3):.2g}", "section": rng.choice(["2.3", "3.1", "3.3", "6"])}
    for letter, run in (("a", a), ("b", b)):
        for what in ("nll", "err", "r0", "r1"):
            words[f"{what}_{letter}"] = figures.get(run, {}).get(what, f"{rng.uniform(0.1, 2):.2f}")
    text = text.format(**words).strip().rstrip(".")
    return f"{text[0].upper()}{text[1:]}."
