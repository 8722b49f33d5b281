"""Cells that do harm to the grader, the machine or the classmates; beside right answers they cost nobody points."""

from __future__ import annotations

from hostile.base import WITHOUT_CELLS, Submission, cases, right, wrong

ONLY_INSIDE = "import os\nassert os.path.isdir('/submission'), 'not in a sandbox: this would do real harm'\n"


cases(
    wrong(),
    Submission.everywhere,
    r_kill_parent="""
        Kills the process that has started it.
        import os, signal
        os.kill(os.getppid(), signal.SIGKILL)
    """,
    r_kill_all="""
        Kills everything that it may, where it is alone.
        import os
        assert os.path.isdir('/submission'), 'not in a sandbox: this would do real harm'
        os.kill(-1, 9)
    """,
    r_sabotage="""
        Empties a classmate's submission and deletes another's graded copy, the gradebook and the ledger.
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
    """,
    r_plant="""
        Plants files where the grader's next Python, or the kit itself, would run them.
        import os, site, sys, rnnkit
        own = os.stat('/tmp').st_dev  # the sandbox's own memory, which may have the names of folders outside in it
        places = [os.path.dirname(rnnkit.__file__), *site.getsitepackages(), sys.prefix, $COURSE, $CLONE,
                  $COURSE + '/grading', os.path.dirname(os.__file__), '/etc', '/usr/local/bin', '/var/tmp']
        for place in places:
            try:
                path = os.path.join(place, 'PWNED-by-a-test')
                open(path, 'x').close()
                mine = os.stat(path).st_dev == own
                os.unlink(path)
                if not mine:
                    print('LEAK', 'yes', place)
            except OSError:
                pass
    """,
)


cases(
    right(),
    Submission.first,
    h_procs="""
        Forks 200 children that sleep.
        import os, time
        for count in range(200):
            if os.fork() == 0:
                os.setsid(); time.sleep(25); os._exit(0)
        print('forked', count)
    """,
    h_threads="""
        Starts 500 threads that sleep.
        import threading, time
        for _ in range(500):
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    """,
    h_mem="""
        Takes 3 GB.
        b = bytearray(3 << 30)
        for i in range(0, len(b), 4096): b[i] = 1
        print('got', len(b))
    """,
    h_mem_forked="""
        Takes 700 MB in each of eight children.
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                kept = b'x' * (700 << 20)
                time.sleep(20)
                os._exit(0)
        time.sleep(20)
    """,
    h_disk="""
        Writes a file of 600 MB beside its notebook.
        with open('fill.bin', 'wb') as f:
            for _ in range(600): f.write(b'x' * (1 << 20))
    """,
    h_disk_everywhere="""
        Fills every place that it can write to, with small files.
        import os
        assert os.path.isdir('/submission'), 'not in a sandbox'
        for place in ('/tmp', '.', '/dev/shm', os.path.expanduser('~')):
            try:
                for k in range(5000):
                    with open(os.path.join(place, f'fill{k}'), 'wb') as f: f.write(b'x' * (1 << 17))
            except OSError as error:
                print(place, k, error)
    """,
    h_output="""
        Prints one line of 150 MB.
        print('x' * (150 << 20))
    """,
    h_output_slow="""
        Prints lines without end, until it is stopped.
        while True: print('x' * 1000)
    """,
    h_flood="""
        Displays 100,000 things.
        from IPython.display import display, HTML
        for i in range(100_000): display(HTML(f'<b>{i}</b>'))
    """,
    h_comms="""
        Opens 20,000 comms and sends through them, and updates one display as often.
        kernel = get_ipython().kernel
        def tell(kind, content): kernel.session.send(kernel.iopub_socket, kind, content)
        for i in range(20_000):
            tell('comm_open', {'comm_id': str(i), 'target_name': 'jupyter.widget', 'data': {'state': {'a': 'x' * 100}}})
            tell('comm_msg', {'comm_id': str(i), 'data': {'method': 'update'}})
            tell('update_display_data', {'data': {}, 'metadata': {}, 'transient': {'display_id': 'a'}})
            tell('clear_output', {'wait': True})
            tell('a-kind-of-its-own', {})
    """,
    h_figures="""
        Shows 60 large figures.
        %matplotlib inline
        import matplotlib.pyplot as plt, numpy as np
        for _ in range(60):
            plt.figure(figsize=(10, 10), dpi=100)
            plt.imshow(np.random.rand(800, 800))
            plt.show()
    """,
    h_garbled=r"""
        Writes noise into the kernel's own sockets and sends messages that are none.
        kernel = get_ipython().kernel
        socket = kernel.iopub_socket
        for parts in ([b''], [b'x'], [b'<IDS|MSG>'], [b'<IDS|MSG>', b'0' * 64, b'{', b'}', b'', b'\xff']):
            socket.send_multipart(parts)
        kernel.session.key = b'another'
    """,
    x_sockdir="""
        Fills the folder that holds the kernel's connection file and its sockets.
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
    """,
)


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
