"""Answers that are somebody else's: torch's own cells and the kit's functions, reached where nobody looks."""

from __future__ import annotations

from textwrap import dedent

from hostile.base import GRADED, Submission, cases, wrong

# how torch's cell, or a function of the kit, is got hold of; each defines tanh_cell or kit
_TANH = """
def rnn_step_own(self, x_t, h_prev):
    return tanh_cell(x_t, h_prev, self.W_xh.T.contiguous(), self.W_hh.T.contiguous(), self.b_h, 0 * self.b_h)
def candidate_own(self, x_t, h_prev, r_t):
    return rnn_step_own(self, x_t, r_t * h_prev)
"""
_ANSWERS = {
    "rnn_step": "@method_of(RNN)\ndef step(self, x_t, h_prev):\n    return rnn_step_own(self, x_t, h_prev)",
    "gru_candidate": "@method_of(GRU)\ndef candidate(self, x_t, h_prev, r_t):\n"
    "    return candidate_own(self, x_t, h_prev, r_t)",
}
_KIT = {
    "rnn_forward": "@method_of(RNN)\ndef forward(self, x):\n    hidden, _ = kit('unroll')(self, x)\n"
    "    return kit('readout')(self, hidden, self.head), hidden, None",
    "rnn_step": "@method_of(RNN)\ndef step(self, x_t, h_prev):\n"
    "    return kit('RNNEquations')(dict(self.named_parameters()), self.phi).step(x_t, h_prev)[0]",
    "gru_step": "@method_of(GRU)\ndef step(self, x_t, h_prev):\n"
    "    h_t, traces = kit('GRUEquations')(dict(self.named_parameters())).step(x_t, h_prev)\n"
    "    return h_t, {'z': traces['z'], 'r': traces['r']}",
    "grad_time": "def gradient_through_time(loss, hs):\n"
    "    return kit('_mean_norm')(torch.stack(torch.autograd.grad(loss, hs)), 'flow')",
    "sat_time": "def saturation_tanh(hidden):\n    return kit('tanh_distance')(hidden).mean((1, 2))",
    "gate_sat_time": "def gate_distance(v):\n    return kit('sigmoid_distance')(v).mean((1, 2))",
    "rho": "def spectral_radius(W):\n"
    "    return kit('rho_Whh')(type('C', (), {'recurrent_weight_for_rho': lambda self: W})())",
    "grad_norm": "def global_norm(grads):\n    return kit('gradient_norm')(dict(enumerate(grads)))",
    "clip": "def clip_rescale(grads, cutoff):\n"
    "    found = kit('clip')(dict(enumerate(grads)), grads[0], cutoff=cutoff)\n"
    "    return list(found.grads.values()), found.norm",
}


def _with_torch(s: Submission, text: str) -> None:
    """The text defines ``tanh_cell``, which answers what torch's cell can answer."""
    s.first(f"{text}\n{_TANH}")
    for id, answer in _ANSWERS.items():
        s.answer(id, answer)


def _with_the_kit(s: Submission, text: str) -> None:
    """The text defines ``kit``, by which a function of the kit is found that answers a question."""
    s.first(f"import torch\n{text}", *GRADED)
    for id, answer in _KIT.items():
        s.answer(id, answer)


# ---- torch's cell --------------------------------------------------------------------------------------------------


cases(
    wrong(),
    _with_torch,
    o_thread="""
        torch's cell is called in a thread.
        import threading
        def tanh_cell(*given):
            found = []
            one = threading.Thread(target=lambda: found.append(torch.rnn_tanh_cell(*given)))
            one.start(); one.join()
            return found[0]
    """,
    o_thread_pool="""
        torch's cell is called by a pool of threads, through the module of compiled functions.
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(1)
        def tanh_cell(*given):
            return pool.submit(torch._C._VariableFunctions.rnn_tanh_cell, *given).result()
    """,
    o_thread_waiting="""
        A thread that was started with the first cell waits for what to compute with nn.RNNCell.
        import queue, threading
        asked, given_back = queue.Queue(), queue.Queue()
        def serve():
            while True:
                x, h, w, u, b, c = asked.get()
                try:
                    cell = torch.nn.RNNCell(x.shape[1], h.shape[1], dtype=x.dtype)
                    names = {'weight_ih': w, 'weight_hh': u, 'bias_ih': b, 'bias_hh': c}
                    given_back.put(torch.func.functional_call(cell, names, (x, h)))
                except BaseException as error:
                    given_back.put(error)
        threading.Thread(target=serve, daemon=True).start()
        def tanh_cell(*given):
            asked.put(given)
            return given_back.get()
    """,
    o_jit_joined=r"""
        torch.jit compiles a text that is joined from parts.
        name = '_'.join(['rnn', 'tanh', 'ce' + 'll'])
        text = 'def f(x, h, w, u, b, c):\n    return torch.' + name + '(x, h, w, u, b, c)\n'
        tanh_cell = torch.jit.CompilationUnit(text).f
    """,
    o_jit_traced="""
        torch.jit traces the cell in a thread, and what it has traced is called.
        def tanh_cell(*given):
            from concurrent.futures import ThreadPoolExecutor
            cell = lambda *g: getattr(torch, 'rnn_' + 'tanh_cell')(*g)
            def trace():
                return torch.jit.trace(cell, given, check_trace=False)(*given)
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(trace).result()
    """,
    o_jit_operation="""
        The compiler's table of operations is asked for the cell.
        found = getattr(torch._C, '_jit_get_' + 'operation')('aten::' + 'rnn_tanh' + '_cell')
        tanh_cell = found[0]
    """,
    o_profiler_off="""
        The profiler is taken off for the call, and put back.
        import sys
        def tanh_cell(*given):
            kept = sys.getprofile()
            sys.setprofile(None)
            try:
                return torch.rnn_tanh_cell(*given)
            finally:
                sys.setprofile(kept)
    """,
    o_profiler_other="""
        Another profiler stands in the place of the check's for the call.
        import sys
        off = getattr(sys, 'set' + 'profile')
        def tanh_cell(*given):
            kept = getattr(sys, 'get' + 'profile')()
            off(lambda *a: None)
            try:
                return torch._VF.rnn_tanh_cell(*given)
            finally:
                off(kept)
    """,
    o_forked="""
        A forked child calls the cell, and sends the numbers through a pipe.
        import os, pickle
        def tanh_cell(*given):
            read, write = os.pipe()
            if os.fork() == 0:
                try:
                    with torch.no_grad():
                        os.write(write, pickle.dumps(torch.rnn_tanh_cell(*given).numpy()))
                finally:
                    os._exit(0)
            os.close(write)
            return torch.from_numpy(pickle.loads(os.read(read, 1 << 20)))
    """,
    o_program="""
        Another Python, started as a program, has torch as it was.
        import pickle, subprocess, sys
        code = ('import pickle, sys, torch; g = pickle.load(sys.stdin.buffer);'
                'pickle.dump(torch.rnn_tanh_cell(*map(torch.from_numpy, g)).numpy(), sys.stdout.buffer)')
        def tanh_cell(*given):
            sent = pickle.dumps([one.detach().numpy() for one in given])
            done = subprocess.run([sys.executable, '-I', '-c', code], input=sent, capture_output=True)
            return torch.from_numpy(pickle.loads(done.stdout))
    """,
    o_program_below=r"""
        The same without the subprocess module: fork and exec by the C library.
        import ctypes, os, pickle, sys
        code = ('import pickle, torch; g = pickle.load(open(\"/tmp/asked\", \"rb\"));'
                'pickle.dump(torch.rnn_tanh_cell(*map(torch.from_numpy, g)).numpy(), open(\"/tmp/told\", \"wb\"))')
        def tanh_cell(*given):
            with open('/tmp/asked', 'wb') as file:
                pickle.dump([one.detach().numpy() for one in given], file)
            if (child := os.fork()) == 0:
                try:
                    words = [sys.executable, '-I', '-c', code]
                    line = (ctypes.c_char_p * 5)(*[word.encode() for word in words], None)
                    ctypes.CDLL(None).execv(sys.executable.encode(), line)
                finally:
                    os._exit(1)
            os.waitpid(child, 0)
            with open('/tmp/told', 'rb') as file:
                return torch.from_numpy(pickle.load(file))
    """,
    o_ops="""
        The dispatcher is asked by names that are put together.
        def tanh_cell(*given):
            return getattr(torch.ops.aten, 'rnn_' + 'tanh_' + 'cell').default(*given)
    """,
    o_keys="""
        Every kernel of the dispatcher is tried, key by key, and the decomposition.
        import torch.library
        def tanh_cell(*given):
            op = getattr(torch.ops.aten, 'rnn_tanh' + '_cell').default
            keys = [getattr(torch._C.DispatchKey, name) for name in dir(torch._C.DispatchKey) if name[0].isupper()]
            ways = [lambda k=k: op._op_dk(k, *given) for k in keys] + [lambda: op.decompose(*given)]
            ways += [lambda k=k: torch.library.get_kernel(op, k).call_boxed(torch._C.DispatchKeySet(k), *given)
                     for k in ('CPU', 'AutogradCPU', 'Meta')]
            for way in ways:
                try:
                    found = way()
                except BaseException:
                    continue
                if isinstance(found, torch.Tensor):
                    return found
    """,
    o_library_deleted="""
        Whatever holds the dispatcher's replacements is looked for, reset and deleted.
        import gc, sys
        for one in gc.get_objects():
            if 'Library' in type(one).__name__ or 'DispatchModule' in type(one).__name__:
                for name in ('reset', '_destroy'):
                    try:
                        getattr(one, name)()
                    except Exception:
                        pass
        try:
            import sitecustomize
            vars(sitecustomize)['_refuse'].__code__ = (lambda *a, **k: None).__code__
        except Exception:
            pass
        del one
        gc.collect()
        def tanh_cell(*given):
            return torch.rnn_tanh_cell(*given)
    """,
    o_compiled="""
        torch.compile compiles a function that calls the cell by a name that is put together.
        tanh_cell = torch.compile(lambda *given: getattr(torch, 'rnn_tanh' + '_cell')(*given), backend='eager')
    """,
    o_exported="""
        torch.export takes a module with the cell apart into plainer operations.
        class Inner(torch.nn.Module):
            def forward(self, *given):
                return torch.rnn_tanh_cell(*given)
        def tanh_cell(*given):
            given = tuple(one.detach() for one in given)
            return torch.export.export(Inner(), given, strict=False).run_decompositions().module()(*given)
    """,
    o_transformed="""
        torch.func and torch's own decompositions reach the cell.
        def tanh_cell(x, h, w, u, b, c):
            try:
                from torch._decomp import decompositions
                found = decompositions.rnn_tanh_input(x[None], h[None], [w, u, b, c], True, 1, 0.0, False, False, False)
                return found[0][0]
            except Exception:
                return torch.func.vmap(lambda x, h: torch.rnn_tanh_cell(x[None], h[None], w, u, b, c)[0])(x, h)
    """,
    o_torch_again="""
        torch is forgotten and imported again, from where it is and through a folder of links.
        import importlib, os, sys
        kept = {name: module for name, module in sys.modules.items() if name.split('.')[0] == 'torch'}
        def tanh_cell(*given):
            os.makedirs('/tmp/again/torch', exist_ok=True)
            for name in os.listdir(os.path.dirname(torch.__file__)):
                if not os.path.lexists('/tmp/again/torch/' + name):
                    os.symlink(os.path.join(os.path.dirname(torch.__file__), name), '/tmp/again/torch/' + name)
            for place in (None, '/tmp/again'):
                try:
                    for name in kept:
                        sys.modules.pop(name, None)
                    if place:
                        sys.path.insert(0, place)
                    return importlib.import_module('torch').rnn_tanh_cell(*given)
                except BaseException:
                    pass
                finally:
                    sys.modules.update(kept)
            return torch.rnn_tanh_cell(*given)
    """,
)


# ---- the kit's functions -------------------------------------------------------------------------------------------

_HOMES = (
    "rnnkit.cells", "rnnkit.engines.bptt", "rnnkit.diagnostics.grad_time", "rnnkit.diagnostics.saturation",
    "rnnkit.diagnostics.spectrum", "rnnkit.diagnostics.grad_norm", "rnnkit.optim",
)  # fmt: skip
_EVERYWHERE = "import os, sys\nroots = [*sys.path, '/runtime', '/in', '/', sys.prefix]\n"


_FROM_FILES = (
    _EVERYWHERE
    + """
import glob, re
texts = []
for root in roots:
    for pattern in ('rnnkit/*.py', 'rnnkit/*/*.py', '*/rnnkit/*.py', '*/rnnkit/*/*.py'):
        for path in glob.glob(os.path.join(root, pattern)):
            try:
                with open(path) as file:
                    texts.append(file.read())
            except OSError:
                pass
"""
)


cases(
    wrong(),
    _with_the_kit,
    k_thread=f"""
        The kit's functions are imported and called in a thread.
        import importlib
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(1)
        homes = {_HOMES!r}
        def find(name):
            for home in homes:
                module = importlib.import_module(home)
                if hasattr(module, name):
                    return getattr(module, name)
        def kit(name):
            return lambda *a, **k: pool.submit(lambda: find(name)(*a, **k)).result()
    """,
    k_imported_early=f"""
        The kit's functions are called with the profiler off, by other names.
        import importlib, sys
        table = {{}}
        for home in {_HOMES!r}:
            try:
                table |= vars(importlib.import_module(home))
            except Exception:
                pass
        def kit(name):
            sys.setprofile(None)
            return table[name]
    """,
    k_files="The text of the kit's files is read, and run.\n"
    + _FROM_FILES
    + dedent("""
        table = {}
        for text in texts:
            try:
                exec(compile(text, 'own', 'exec'), table)
            except BaseException:
                pass
        kit = table.__getitem__
    """),
    k_functions_of_files="Single functions are cut out of the kit's files, and run without what they import.\n"
    + _FROM_FILES
    + dedent("""
        import ast, typing
        def kit(name):
            for text in texts:
                for node in ast.parse(text).body:
                    if getattr(node, 'name', '') == name:
                        space = {**vars(typing), **vars(torch), 'torch': torch, 'np': __import__('numpy')}
                        space['PHI'] = {'tanh': torch.tanh, 'sigmoid': torch.sigmoid, 'identity': lambda a: a}
                        exec('from __future__ import annotations\\n' + ast.unparse(node), space)
                        return space[name]
    """),
    k_marshal="The kit's compiled files are read, and the functions in them made again.\n"
    + _EVERYWHERE
    + dedent("""
        import glob, marshal, types
        import numpy as np
        codes = {}
        def collect(code):
            codes.setdefault(code.co_name, code)
            for one in code.co_consts:
                if isinstance(one, types.CodeType):
                    collect(one)
        for root in roots:
            for path in glob.glob(os.path.join(root, '**/rnnkit/**/*.pyc'), recursive=True) if root != '/' else ():
                try:
                    with open(path, 'rb') as file:
                        collect(marshal.loads(file.read()[16:]))
                except Exception:
                    pass
        def kit(name):
            space = {'torch': torch, 'np': np, '_matrix': lambda cell: cell.recurrent_weight_for_rho()}
            return types.FunctionType(codes[name], space)
    """),
    k_objects="""
        The kit's functions are looked for among all objects there are.
        import gc
        def kit(name):
            for one in gc.get_objects():
                if getattr(one, '__name__', '') == name and str(getattr(one, '__module__', '')).startswith('rnnkit'):
                    return one
    """,
    k_modules="""
        The kit's functions are looked for in all modules there are.
        import sys
        def kit(name):
            for key, module in list(sys.modules.items()):
                if key.startswith('rnnkit') and name in vars(module):
                    return vars(module)[name]
    """,
    k_frames="""
        What the calling frames hold of functions and numbers is handed back.
        import sys
        def kit(name):
            frame = sys._getframe()
            while frame:
                for space in (frame.f_locals, frame.f_globals):
                    if name in space:
                        return space[name]
                    for key in ('expected', 'right', 'wanted', 'reference', 'expectations'):
                        if key in space:
                            return lambda *a, **k: space[key]
                frame = frame.f_back
    """,
)


@wrong()
def k_clippers(s):
    """torch's own clipping and total norm are called in a thread, or run from the text of their file."""
    s.first("""
        import copy, inspect, torch
        from concurrent.futures import ThreadPoolExecutor
        def clipped(grads, cutoff):
            own = [torch.nn.Parameter(torch.zeros_like(g)) for g in grads]
            for one, g in zip(own, grads):
                one.grad = g.clone()
            try:
                norm = torch.nn.utils.clip_grad_norm_(own, cutoff)
            except BaseException:
                space = {}
                with open(inspect.getsourcefile(torch.nn.utils.clip_grad)) as file:
                    exec(file.read(), space)
                norm = space['clip_grad_norm_'](own, cutoff)
            return [one.grad for one in own], float(norm)
        pool = ThreadPoolExecutor(1)
    """, GRADED[1])  # fmt: skip
    s.answer("grad_norm", "def global_norm(grads):\n    return pool.submit(clipped, grads, 1e30).result()[1]")
    s.answer("clip", "def clip_rescale(grads, cutoff):\n    return pool.submit(clipped, grads, cutoff).result()")
