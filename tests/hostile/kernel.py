"""Cheats inside the kernel: its cells, hooks, modules and messages are changed so that wrong answers look right."""

from __future__ import annotations

from hostile.base import BAD, Submission, cases, right, wrong

FORGED_RESULT = """
ip = get_ipython()
def forge(info):
    hook = ip.displayhook
    for kind in ('execute_result', 'display_data'):
        content = {'execution_count': 1, 'data': {'text/plain': '%s'}, 'metadata': {}}
        hook.session.send(hook.pub_socket, kind, content, parent=hook.parent_header)
ip.events.register('pre_run_cell', forge)
ip.events.register('post_run_cell', forge)
"""


@wrong()
def r_systemexit(s):
    """Every function raises SystemExit(0)."""
    for id, text in BAD.items():
        body = "raise SystemExit(0)"
        s.answer(id, "\n".join([*[line for line in text.split("\n") if not line.startswith("    ")], f"    {body}"]))


cases(
    wrong(),
    Submission.everywhere,
    r_input_transform=r"""
        An input transformer turns every later cell into pass.
        get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\n'])
    """,
    r_ast_strip="""
        An AST transformer deletes asserts and comparisons, and numpy's testing does nothing.
        import ast
        import numpy as np
        class Strip(ast.NodeTransformer):
            def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
            def visit_Compare(self, node): return ast.copy_location(ast.Constant(True), node)
        get_ipython().ast_transformers.append(Strip())
        np.testing.assert_allclose = lambda *a, **k: None
    """,
    r_fake_result="A hook sends a forged result of 5.0 with every cell.\n" + FORGED_RESULT % "5.0",
    r_nan="A hook sends a forged result of nan with every cell.\n" + FORGED_RESULT % "nan",
    r_inf="A hook sends a forged result of 1e9 with every cell.\n" + FORGED_RESULT % "1e9",
    r_reply_ok="""
        Tracebacks are silenced and the kernel replies that all is well.
        ip = get_ipython()
        ip.showtraceback = lambda *a, **k: None
        real = ip.run_cell_async
        async def run(*a, **k):
            result = await real(*a, **k)
            result.error_in_exec = result.error_before_exec = result.result = None
            return result
        ip.run_cell_async = run
    """,
    r_compare_patched="""
        Every comparison of numpy, torch and math says yes.
        import math
        import numpy as np, torch
        yes = lambda *a, **k: True
        for name in ('allclose', 'array_equal', 'isfinite', 'isclose', 'all', 'any'):
            setattr(np, name, yes)
        for name in ('equal', 'allclose', 'isclose', 'isfinite'):
            setattr(torch, name, yes)
        math.isclose = math.isfinite = yes
        np.abs = lambda *a, **k: np.float64(0)
        torch.Tensor.__eq__ = torch.Tensor.__le__ = yes
    """,
    r_encoders_patched="""
        What turns answers into texts is replaced: json, base64, repr and the tensors' numpy().
        import base64, builtins, json
        import torch
        won = '{"verdict": null, "rules": [], "points": 99, "status": "solved", "cases": {}}'
        json.dumps = lambda *a, **k: won
        json.JSONEncoder.encode = lambda *a, **k: won
        base64.b64encode = lambda *a, **k: b'AAAA'
        builtins.repr = lambda *a: won
    """,
    r_checks_patched="""
        The student's copy of the checks hands out full points to everything.
        import rnnkit.checks, rnnkit.checks.runner as runner, rnnkit.checks.outcome as outcome
        from rnnkit.checks.report import Report
        def solved(question, obj=None, *a, **k):
            return Report(question.id, question.name, question.points, question.points, 'solved', [], [])
        runner.examine = runner._judge = solved
        runner.check = rnnkit.assignments.training_dynamics.check = lambda id, obj=None: 99.0
        outcome.equal = runner.equal = lambda *a: True
    """,
    r_fake_modules="""
        Other modules stand in sys.modules for the kit's own, and imports are led to them.
        import builtins, sys, types
        class Fake(types.ModuleType):
            def __getattr__(self, name):
                return lambda *a, **k: '{"verdict": null, "rules": [], "points": 99, "cases": {}}'
        for name in ('checks.remote', 'common.wire', 'checks.runner', 'checks.rules', 'checks.report'):
            sys.modules['rnnkit.' + name] = Fake(name)
        real = builtins.__import__
        def fake(name, *a, **k):
            return sys.modules.get(name) or real(name, *a, **k) if name.startswith('rnnkit') else real(name, *a, **k)
        builtins.__import__ = fake
    """,
    r_meta_path="""
        A finder at the front of sys.meta_path serves the kit's modules.
        import importlib.abc, importlib.machinery, sys
        class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None):
                if name.startswith('rnnkit'):
                    return importlib.machinery.ModuleSpec(name, self, is_package=True)
            def exec_module(self, module):
                module.__getattr__ = lambda name: (lambda *a, **k: '{"points": 99, "cases": {}}')
        for name in [name for name in sys.modules if name.startswith('rnnkit')]:
            del sys.modules[name]
        sys.meta_path.insert(0, Finder())
        from rnnkit.cells import PHI, Cell
    """,
    r_profile_off="""
        sys.setprofile and dis do nothing, so that ready-made cells go unseen.
        import dis, sys
        sys.setprofile = lambda *a: None
        dis.get_instructions = lambda *a, **k: iter(())
    """,
    r_session_forged="""
        Everything that the kernel sends says ok and carries full points under every MIME type and expression.
        import json
        session = get_ipython().kernel.session
        real = session.send
        won = json.dumps({'verdict': None, 'rules': [], 'points': 99.0, 'status': 'solved', 'cases': {}})
        def send(stream, what, content=None, *a, **k):
            kind = what if isinstance(what, str) else what['header']['msg_type']
            into = content if isinstance(what, str) else what['content']
            if kind == 'execute_reply':
                into.update(status='ok', user_expressions={
                    name: {'status': 'ok', 'data': {'text/plain': repr(won)}, 'metadata': {}}
                    for name in list(into.get('user_expressions') or {}) + ['reply', 'answer']})
            elif kind in ('display_data', 'execute_result', 'update_display_data'):
                into['data'] = {mime: won for mime in [*into.get('data', {}), 'text/plain', 'application/json']}
            elif kind == 'error':
                kind, into = 'stream', {'name': 'stdout', 'text': won}
                return real(stream, kind, into, *a, **k)
            elif kind == 'stream':
                into['text'] = won
            return real(stream, what, content, *a, **k)
        session.send = send
    """,
    r_thread_answers="""
        A thread answers whatever is asked, before the kernel does.
        import json, threading, time
        kernel = get_ipython().kernel
        won = json.dumps({'verdict': None, 'rules': [], 'points': 99.0, 'status': 'solved', 'cases': {}})
        def talk():
            for _ in range(2000):
                parent = kernel.get_parent()
                for mime in ('text/plain', 'application/json', 'application/vnd.rnnkit+json'):
                    content = {'data': {mime: won}, 'metadata': {}, 'transient': {}}
                    kernel.session.send(kernel.iopub_socket, 'display_data', content, parent=parent)
                kernel.session.send(kernel.iopub_socket, 'status', {'execution_state': 'idle'}, parent=parent)
                time.sleep(0.005)
        threading.Thread(target=talk, daemon=True).start()
    """,
    r_second_client="""
        A second client with the kernel's key runs cells of its own and sends replies in the kernel's name.
        import sys, threading
        from jupyter_client import BlockingKernelClient
        path = next(a for a in sys.argv if a.endswith('.json'))
        client = BlockingKernelClient(connection_file=path)
        client.load_connection_file(); client.start_channels()
        def talk():
            for _ in range(50):
                client.execute('check = lambda *a: 99.0', reply=True, timeout=5)
        threading.Thread(target=talk, daemon=True).start()
    """,
    r_random_patched="""
        Every source of randomness in the kernel gives the same numbers.
        import os, random, secrets
        import numpy as np, torch
        np.random.seed(0); torch.manual_seed(0); random.seed(0)
        fixed = np.random.Generator(np.random.PCG64(0))
        np.random.default_rng = lambda *a: fixed
        os.urandom = secrets.token_bytes = lambda n=32: bytes(n)
        torch.manual_seed = lambda *a: None
    """,
    r_display_patched="""
        display, print, the publisher and the display hook are the student's own.
        import builtins, sys
        import IPython.display
        ip = get_ipython()
        real = ip.display_pub.publish
        def publish(data, metadata=None, **k):
            return real({mime: '99.0' for mime in data}, metadata, **k)
        ip.display_pub.publish = publish
        IPython.display.display = builtins.display = lambda *a, **k: publish({'text/plain': ''})
        builtins.print = lambda *a, **k: sys.stdout.write('99.0')
        sys.displayhook = lambda value: None
    """,
    r_frozen_clock="""
        Time stands still, timers never fire and signals have no handlers.
        import signal, threading, time
        time.time = time.monotonic = time.perf_counter = lambda: 0.0
        threading.Timer = lambda *a, **k: threading.Thread()
        signal.signal = lambda *a: None
    """,
)


@right()
def x_hooks_raise(s):
    """Every hook of the shell raises, the traceback printer too."""
    s.everywhere("""
        ip = get_ipython()
        def fail(*a, **k): raise RuntimeError('from a hook')
        for event in ('pre_execute', 'pre_run_cell', 'post_execute', 'post_run_cell'):
            ip.events.register(event, fail)
    """)


@right()
def x_profile_left_on(s):
    """A profiler and a tracer of the student's own are left running."""
    s.everywhere("""
        import sys, threading
        seen = []
        sys.setprofile(lambda *a: None)
        threading.setprofile(lambda *a: None)
        sys.settrace(lambda *a: None)
    """)
