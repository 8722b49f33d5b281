"""Cells that try to change what belongs to the machine: device nodes, and every file that is mounted from outside.

Whatever they manage is printed with the word that the judge searches for.
"""

from __future__ import annotations

from hostile.base import right
from hostile.harm import ONLY_INSIDE

TRIES = (
    ONLY_INSIDE
    + """
import ctypes, fcntl, glob, rnnkit, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def tried(where, *ways):
    for way in ways:
        try:
            way()
            print('LEAK', 'yes', where)
        except (OSError, ValueError):
            pass
def changed(path):
    return (lambda: os.chmod(path, 0), lambda: os.chown(path, 1000, 1000), lambda: os.utime(path),
            lambda: os.utime(path, (1, 1)), lambda: os.setxattr(path, 'user.x', b'x'),
            lambda: os.removexattr(path, 'user.x'), lambda: os.rename(path, path + '~'), lambda: os.unlink(path))
def opened(path):
    for how in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY, os.O_PATH):
        try:
            yield os.open(path, how)
        except OSError:
            pass
devices = [p for p in glob.glob('/dev/*') if not os.path.isdir(p) and not p.startswith('/dev/std')] + ['/dev/pts/ptmx']
devices.remove('/dev/ptmx') if os.path.islink('/dev/ptmx') else None
mounted = [rnnkit.__file__, os.path.dirname(rnnkit.__file__), sys.executable, os.__file__, sys.prefix, '/usr', '/in',
           '/usr/bin/env', '/etc/ld.so.cache', *glob.glob('/in/*')[:3],
           *glob.glob(sys.prefix + '/lib/*/site-packages/*')[:3]]
"""
)

BY_NAME = (
    TRIES
    + """
for path in devices[:-1] + mounted:
    tried(path, *changed(path))
"""
)

BY_DESCRIPTOR = (
    TRIES
    + """
for path in devices[:-1] + mounted:
    for fd in opened(path):
        tried((path, fd), lambda: os.fchmod(fd, 0), lambda: os.fchown(fd, 1000, 1000), lambda: os.utime(fd),
              lambda: os.utime(fd, (1, 1)), lambda: os.setxattr(fd, 'user.x', b'x'),
              lambda: fcntl.ioctl(fd, 0x40086602, struct.pack('l', 0x10)))
"""
)

BY_PROC = (
    TRIES
    + """
for path in devices[:-1] + mounted:
    for fd in opened(path):
        tried((path, fd), *changed(f'/proc/self/fd/{fd}')[:6])
for path in glob.glob('/proc/[0-9]*/fd/*'):  # what others have open: no device of the outside among them
    try:
        name, about = os.readlink(path), os.stat(path)
        outside = name.startswith('/') and not name.startswith(('/dev/pts', '/proc', '/tmp', '/submission', '/dev/shm'))
        tried((path, name), *changed(path)[:6]) if outside else None
    except OSError:
        pass
for folder in ('/', '/dev', '/usr', '/in', sys.prefix):
    for fd in opened(folder):
        for name in ('dev/null', 'null', 'bin/env', '.'):
            tried((folder, name), lambda: os.chmod(name, 0, dir_fd=fd), lambda: os.utime(name, dir_fd=fd),
                  lambda: os.chown(name, 1000, 1000, dir_fd=fd))
"""
)

BY_ROOT = (
    TRIES
    + """
for pid in filter(str.isdigit, os.listdir('/proc')):
    for path in devices[:-1] + mounted:
        tried(path, *changed(f'/proc/{pid}/root{path}'))
tried('rights', lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.mknod('/tmp/null', 0o20666, os.makedev(1, 3)))
tried('mounts', lambda: os.open('/proc/self/uid_map', os.O_WRONLY), lambda: os.chroot('/tmp'))
"""
)


@right()
def h_devices_by_name(s):
    """Takes rights, owner, times and attributes from the devices and the mounted files, by their names."""
    s.first(BY_NAME)


@right()
def h_devices_by_descriptor(s):
    """Does the same through open files, and sets the flags of their inodes."""
    s.first(BY_DESCRIPTOR)


@right()
def h_devices_by_proc(s):
    """Does the same through /proc/self/fd, other processes' open files, and open folders."""
    s.first(BY_PROC)


@right()
def h_devices_by_root(s):
    """Does the same through the root folders of all processes, and tries to become root first."""
    s.first(BY_ROOT)
