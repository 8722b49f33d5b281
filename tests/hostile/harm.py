"""Cells that do harm to the grader, the machine or the classmates; beside right answers they cost nobody points."""

from __future__ import annotations

from hostile.base import WITHOUT_CELLS, right, wrong

ONLY_INSIDE = "import os\nassert os.path.isdir('/submission'), 'not in a sandbox: this would do real harm'\n"


@wrong()
def r_kill_parent(s):
    """Kills the process that has started it."""
    s.everywhere("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")


@wrong()
def r_kill_all(s):
    """Kills everything that it may, where it is alone."""
    s.everywhere(f"{ONLY_INSIDE}os.kill(-1, 9)")


@wrong()
def r_sabotage(s):
    """Empties a classmate's submission and deletes another's graded copy, the gradebook and the ledger."""
    s.everywhere("""
        import os, shutil
        for top in ($COURSE + '/grading', '../../..'):
            for name in ('1_cells.ipynb', '2_diagnostics.ipynb'):
                try:
                    open(top + '/submitted/honest_z/training_dynamics/' + name, 'r+').truncate(0)
                except OSError:
                    pass
            for name in ('autograded/honest_a', 'submitted/honest_a', 'feedback'):
                shutil.rmtree(f'{top}/{name}', ignore_errors=True)
            for name in ('gradebook.db', 'ledger.json', 'roster.csv'):
                try:
                    os.unlink(f'{top}/{name}')
                except OSError:
                    pass
    """)


@wrong()
def r_plant(s):
    """Plants files where the grader's next Python, or the kit itself, would run them."""
    s.everywhere("""
        import os, site, sys, rnnkit
        places = [os.path.dirname(rnnkit.__file__), *site.getsitepackages(), sys.prefix, $COURSE, $CLONE,
                  $COURSE + '/grading', os.path.dirname(os.__file__), '/etc', '/usr/local/bin', '/var/tmp']
        for place in places:
            try:
                path = os.path.join(place, 'PWNED-by-a-test')
                open(path, 'x').close(); os.unlink(path)
                print('LEAK', 'yes', place)
            except OSError:
                pass
    """)


@right()
def h_procs(s):
    """Forks 200 children that sleep."""
    s.first("""
        import os, time
        for count in range(200):
            if os.fork() == 0:
                os.setsid(); time.sleep(25); os._exit(0)
        print('forked', count)
    """)


@right()
def h_threads(s):
    """Starts 500 threads that sleep."""
    s.first("""
        import threading, time
        for _ in range(500):
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    """)


@right()
def h_mem(s):
    """Takes 3 GB."""
    s.first("b = bytearray(3 << 30)\nfor i in range(0, len(b), 4096): b[i] = 1\nprint('got', len(b))")


@right()
def h_mem_forked(s):
    """Takes 700 MB in each of eight children."""
    s.first("""
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                kept = b'x' * (700 << 20)
                time.sleep(20)
                os._exit(0)
        time.sleep(20)
    """)


@right()
def h_disk(s):
    """Writes a file of 600 MB beside its notebook."""
    s.first("with open('fill.bin', 'wb') as f:\n    for _ in range(600): f.write(b'x' * (1 << 20))")


@right()
def h_disk_everywhere(s):
    """Fills every place that it can write to, with small files."""
    s.first("""
        import os
        assert os.path.isdir('/submission'), 'not in a sandbox'
        for place in ('/tmp', '.', '/dev/shm', os.path.expanduser('~')):
            try:
                for k in range(5000):
                    with open(os.path.join(place, f'fill{k}'), 'wb') as f: f.write(b'x' * (1 << 17))
            except OSError as error:
                print(place, k, error)
    """)


@right()
def h_output(s):
    """Prints one line of 150 MB."""
    s.first("print('x' * (150 << 20))")


@right()
def h_output_slow(s):
    """Prints lines without end, until it is stopped."""
    s.first("while True: print('x' * 1000)")


@right()
def h_flood(s):
    """Displays 100,000 things."""
    s.first("from IPython.display import display, HTML\nfor i in range(100_000): display(HTML(f'<b>{i}</b>'))")


@right()
def h_comms(s):
    """Opens 20,000 comms and sends through them, and updates one display as often."""
    s.first("""
        kernel = get_ipython().kernel
        def tell(kind, content): kernel.session.send(kernel.iopub_socket, kind, content)
        for i in range(20_000):
            tell('comm_open', {'comm_id': str(i), 'target_name': 'jupyter.widget', 'data': {'state': {'a': 'x' * 100}}})
            tell('comm_msg', {'comm_id': str(i), 'data': {'method': 'update'}})
            tell('update_display_data', {'data': {}, 'metadata': {}, 'transient': {'display_id': 'a'}})
            tell('clear_output', {'wait': True})
            tell('a-kind-of-its-own', {})
    """)


@right()
def h_figures(s):
    """Shows 60 large figures."""
    s.first("""
        %matplotlib inline
        import matplotlib.pyplot as plt, numpy as np
        for _ in range(60):
            plt.figure(figsize=(10, 10), dpi=100)
            plt.imshow(np.random.rand(800, 800))
            plt.show()
    """)


@right()
def h_garbled(s):
    """Writes noise into the kernel's own sockets and sends messages that are none."""
    s.first("""
        kernel = get_ipython().kernel
        socket = kernel.iopub_socket
        for parts in ([b''], [b'x'], [b'<IDS|MSG>'], [b'<IDS|MSG>', b'0' * 64, b'{', b'}', b'', b'\\xff']):
            socket.send_multipart(parts)
        kernel.session.key = b'another'
    """)


@right()
def x_sockdir(s):
    """Fills the folder that holds the kernel's connection file and its sockets."""
    s.first("""
        import os, sys
        place = os.path.dirname(os.path.abspath(next(a for a in sys.argv if a.endswith('.json'))))
        written = 0
        try:
            for k in range(20):
                with open(os.path.join(place, f'junk{k}'), 'wb') as f: f.write(b'x' * (10 << 20))
                written += 10
        except OSError as error:
            print(error)
        print('LEAK', 'yes' if written >= 200 else 'no')
    """)


@right(least=WITHOUT_CELLS)
def x_sockets_gone(s):
    """Deletes the kernel's sockets and connection file, and puts links to the host's sockets there."""
    s.first("""
        import os, sys
        assert os.path.isdir('/submission'), 'not in a sandbox'
        place = os.path.dirname(next(a for a in sys.argv if a.endswith('.json')))
        for name in os.listdir(place):
            os.unlink(os.path.join(place, name))
            os.symlink('/var/run/docker.sock', os.path.join(place, name))
    """)


@right()
def x_train_for_real(s):
    """3_regime asks for a training run of hours, and hides that it is being graded."""
    s.cell("parameters", "3_regime.ipynb")["source"] = (
        'import os\nos.environ.pop("NBGRADER_EXECUTION", None)\n'
        'regime, profile, overrides, cells, out = "A1", "full", {}, None, None'
    )


@right()
def x_report_elsewhere(s):
    """4_report looks for its runs in the instructor's folders."""
    s.cell("folder", "4_report.ipynb")["source"] = s._told("folder = $COURSE + '/grading'")
    s.cell("extra_run", "4_report.ipynb")["source"] = "extra = '../../../../etc/passwd'"
