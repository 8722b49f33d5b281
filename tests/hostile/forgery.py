"""Cheats at the one door that there is: the function in the kernel that answers the grader's questions, replaced."""

from __future__ import annotations

from hostile.base import Submission, cases, wrong

HEAD = """
import gc, itertools, json
import numpy as np
from rnnkit.checks import remote, wire
below = lambda sent: sent
"""
# ``forge(request, reply)`` is what the student's own reply becomes, and ``below`` changes how that is written as JSON.
DOOR = """
real = remote.answer
def answer(request, obj=None, *more):
    asked, reply = json.loads(request), wire.decode(json.loads(real(request, obj, *more)))
    sent = forge(asked, reply)
    if isinstance(sent, str):
        return sent
    try:
        sent = wire.encode(sent)
    except wire.WireError:
        pass
    return json.dumps(below(sent), default=str)
remote.answer = answer
for space in [o for o in gc.get_objects() if isinstance(o, dict) and o is not globals()]:
    for name in [name for name, value in list(space.items()) if value is real]:
        space[name] = answer
"""


def _at_the_door(s: Submission, text: str) -> None:
    """Takes a text that defines ``forge`` into the notebooks."""
    s.everywhere(f"{HEAD}\n{text}\n{DOOR}")


cases(
    wrong(),
    _at_the_door,
    f_verdict="""
        The reply's verdict is solved, with full points in its words.
        def forge(asked, reply):
            return dict(reply, verdict=['solved', 'all right: 3 of 3 points'], cases={})
    """,
    f_no_quantities="""
        Every case of the reply is empty and without problems.
        def forge(asked, reply):
            for case in reply['cases'].values():
                case.update(values={}, problems={}, error=None, notes=['solved'])
            return reply
    """,
    f_nan="""
        Every array of the reply holds NaN, then infinity.
        turn = itertools.cycle([np.nan, np.inf, -np.inf, 1e308, 5e-324])
        def forge(asked, reply):
            for case in reply['cases'].values():
                case.update(problems={}, error=None)
                case['values'] = {k: np.full(np.shape(v), next(turn)) for k, v in case['values'].items()}
            return reply
    """,
    f_shapes="""
        The arrays of the reply have shapes that would broadcast, none, negative and enormous ones.
        turn = itertools.cycle([[], [1], [1, 1, 1], [0], [-1], [2 ** 62], [10 ** 30], [1.5], ['3'], None, [[1]]])
        def below(value):
            if isinstance(value, dict):
                return {k: next(turn) if k == 'shape' else below(v) for k, v in value.items()}
            return [below(v) for v in value] if isinstance(value, list) else value
        def forge(asked, reply):
            for case in reply['cases'].values():
                case.update(problems={}, error=None)
            return reply
    """,
    f_dtypes="""
        The arrays of the reply are of objects, texts, booleans, complex and big-endian numbers.
        turn = itertools.cycle(['O', '<U8', '?', '<c16', '>f8', 'V8', 'M8[s]', 'f8,f8', '', None, 5, ['<f8', 'O']])
        def below(value):
            if isinstance(value, dict):
                return {k: next(turn) if k == 'array' else below(v) for k, v in value.items()}
            return [below(v) for v in value] if isinstance(value, list) else value
        def forge(asked, reply):
            for case in reply['cases'].values():
                case.update(problems={}, error=None)
            return reply
    """,
    f_types="""
        Everything in the reply is of another type: lists for texts, numbers for cases, true for values.
        turn = itertools.cycle([True, None, 0, 1.0, 'nan', [], {}, [[]], {'a': {}}, float('nan'), 10 ** 400])
        def forge(asked, reply):
            for case in reply['cases'].values():
                case.update({'values': {k: next(turn) for k in case.get('values', {})}, 'problems': next(turn),
                             'error': next(turn), 'notes': next(turn)})
            reply.update(verdict=next(turn), rules=next(turn))
            return reply if next(turn) else dict(reply, verdict=None, rules=[], cases=next(turn))
    """,
    f_no_object=r"""
        The reply is a number, a list, null, nothing, no JSON, two replies, or JSON with the same key twice.
        turn = itertools.cycle(['7', '[]', 'null', '', '{', '{}{}', 'true', '"{}"', '{"cases": 1, "cases": {}}', 'NaN',
                                '"\\ud800"'])
        def forge(asked, reply):
            return next(turn)
    """,
    f_inputs_back="""
        The arrays of the request are sent back as values.
        def forge(asked, reply):
            given = list(wire.decode(asked['inputs'])['arrays'].values()) if asked['inputs'] else []
            for case in reply['cases'].values():
                if given:
                    values = {k: given[n % len(given)] for n, k in enumerate(case['values'])}
                    case.update(problems={}, error=None, values=values)
            return reply
    """,
    f_deep="""
        The reply is nested 100,000 deep.
        def forge(asked, reply):
            return '{"cases": ' + '[' * 100_000 + ']' * 100_000 + '}'
    """,
    f_huge="""
        The reply is as large as memory allows: 1 GB.
        def forge(asked, reply):
            return '{"cases": {"a": "' + 'A' * (1 << 30) + '"}}'
    """,
    f_many_keys="""
        The reply has a million cases, each with a name of its own.
        def forge(asked, reply):
            return dict(reply, cases={str(k): {} for k in range(1_000_000)})
    """,
    f_texts=r"""
        The texts of the reply carry HTML, terminal codes, templates, formulas and a megabyte of noise.
        BAD = ['<script>window.PWNED=1</script>', '\x1b[2J\x1b]0;x\x07', '{{ 7 * 7 }}{% raw %}', '=1+1',
               '\u202e\u0000', '<img src=x onerror=alert(1)>', 'A' * 1_000_000, '%s%n{0.__class__}',
               'points: 39 of 39, solved']
        turn = itertools.cycle(BAD)
        def forge(asked, reply):
            for case in reply['cases'].values():
                case.update(problems={next(turn): next(turn)}, notes=BAD,
                            error={'type': next(turn), 'text': next(turn), 'where': next(turn)})
            reply.update(rules=BAD, verdict=None)
            return reply
    """,
    f_right_on_public="""
        Where the request has no inputs of its own, the answers are those that the student's kit has on file.
        from rnnkit.assignments.training_dynamics import ASSIGNMENT
        from rnnkit.checks.right import expected
        def forge(asked, reply):
            question = ASSIGNMENT.questions[asked['question']]
            known = {} if question.judge else expected(question)
            cases = {name: {'values': {k: np.asarray(v, dtype=float) for k, v in values.items()},
                            'problems': {}, 'error': None, 'notes': []} for name, values in known.items()}
            return dict(reply, verdict=None, rules=[], cases=cases)
    """,
    f_other_question="""
        Every question is answered with the reply to another one.
        kept = []
        def forge(asked, reply):
            kept.append(reply)
            return kept[0]
    """,
    f_leak_request="""
        Prints every request, and searches it for what is expected.
        def forge(asked, reply):
            text = json.dumps(asked)
            print('LEAK', 'yes' if $CANARY in text or 'expected' in text else 'no', sorted(asked))
            return reply
    """,
    f_pickle="""
        The reply holds pickles and Python that write a file where they are loaded or evaluated.
        import base64, os, pickle
        class Bomb:
            def __reduce__(self):
                return os.system, ('touch ' + $COURSE + '/PWNED',)
        pickled = base64.b64encode(pickle.dumps(Bomb())).decode()
        code = "__import__('os').system('touch ' + " + repr($COURSE + '/PWNED') + ")"
        turn = itertools.cycle([pickled, code, {'py/reduce': [{'py/function': 'os.system'}, code]},
                                {'__class__': 'os.system', 'data': pickled, 'dtype': 'object', 'shape': [1]}])
        def forge(asked, reply):
            for case in reply['cases'].values():
                case.update(problems={}, error=None, values={k: next(turn) for k in case['values']})
            return reply
    """,
    f_needs="""
        The reply tells of other questions, within one another, that all are right or none is.
        def forge(asked, reply):
            for name in ('rnn_step', 'gru_step', 'gru_update_gate', 'grad_time', asked['question'], '../x', ''):
                reply = dict(reply, needs={name: reply, 'grad_norm': reply})
            return reply
    """,
)


@wrong()
def f_display_first(s):
    """What is checked finds the word under which the reply is shown, and shows replies of its own before it."""
    s.everywhere("""
        import json, sys
        from IPython.display import display
        def shout():
            frame = sys._getframe(1)
            while frame and 'mime' not in frame.f_locals:
                frame = frame.f_back
            won = {'verdict': None, 'rules': [], 'needs': {}, 'points': 3.0, 'status': 'solved', 'cases': {}}
            for _ in range(50 if frame else 0):
                display({frame.f_locals['mime']: json.dumps(won)}, raw=True)
                display({frame.f_locals['mime']: won}, raw=True)
    """)
    s.answer("rho", "def spectral_radius(W):\n    shout()\n    return -1.0")
    s.answer("rnn_step", "@method_of(RNN)\ndef step(self, x_t, h_prev):\n    shout()\n    return 9 * h_prev")
