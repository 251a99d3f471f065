"""Stands between `countenance up` and one service it started, and leaves nothing of that service behind.

Run as a script (`python -I -S keeper.py … -- command`), with the standard library only, so that it costs little.
Its standard input is a pipe that the starter holds open: when the starter closes it, or dies in whatever way, the
keeper reads the end of the file and stops the service. The keeper is the "child subreaper" (prctl(2)) of all that
the service starts, so processes that lost their parents, as Ray's workers do, come to the keeper and are ended too.
The service itself dies with the keeper (PR_SET_PDEATHSIG). Without Linux only the service's process group is ended.
"""

import argparse
import ctypes
import os
import pwd
import select
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_CHILD_SUBREAPER = 36
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_LINUX = sys.platform == "linux"
_HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def _prctl(option: int, *arguments: int) -> None:
    """Call prctl(2) and raise OSError when it refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if libc.prctl(ctypes.c_int(option), *padded) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _become(uid: int, *, reach: bool) -> None:
    """Give up root for good and become `uid`.

    With `reach` the process keeps one capability, CAP_DAC_OVERRIDE, through the coming exec: the folders above
    its data or its program are closed to `uid` (root's home is 0700), and opening them to everyone would be worse.
    """
    if reach:
        _prctl(_PR_SET_KEEPCAPS, 1)
    gid = pwd.getpwuid(uid).pw_gid
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if reach:
        bit = 1 << _CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; then bits 32-63
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.capset(header, sets) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)


def _exec(command: list[str], options: argparse.Namespace, keeper: int) -> NoReturn:
    """Turn this freshly forked process into the service."""
    try:
        os.setsid()
        if options.uid is not None:
            _become(options.uid, reach=options.reach)
        if _LINUX:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after the change of user, which would clear it
        if os.getppid() != keeper:
            os._exit(127)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.closerange(3, 1024)
        signal.set_wakeup_fd(-1)
        for number in _HEARD:
            signal.signal(number, signal.SIG_DFL)  # a shell may have had them ignored, and that is inherited
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.execvp(command[0], command)  # noqa: S606  # a list, no shell
    except OSError as error:
        os.write(2, f"cannot run {command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _parents() -> dict[int, int]:
    """Map every living process to its parent, from /proc; zombies count as gone."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name in parentheses may hold anything, so read from the last one on.
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    return parents


def _descendants() -> list[int]:
    """List every process below this one."""
    parents, found = _parents(), {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return sorted(found - {os.getpid()})
        found |= more


def _signal(pid: int, number: int, *, group: bool = False) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        (os.killpg if group else os.kill)(pid, number)
    except (ProcessLookupError, PermissionError):
        return


class _Keeper:
    """Waits for the service's end or for the word to end it."""

    def __init__(self, child: int, wakeup: int, options: argparse.Namespace) -> None:
        self.child, self.wakeup, self.options = child, wakeup, options
        self.status: int | None = None

    def _reap(self) -> None:
        """Collect every ended child, the service and adopted ones alike."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.child:
                self.status = os.waitstatus_to_exitcode(status)

    def run(self) -> int:
        """Stay until the service is gone and nothing of it is left; give its exit code."""
        watched, deadline = [0, self.wakeup], None
        while self.status is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select(watched, [], [], left)
            told = False
            if self.wakeup in ready:
                told = bool(set(os.read(self.wakeup, 512)) & {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
            if 0 in ready and not os.read(0, 512):
                watched.remove(0)
                told = True
            if told and deadline is None:
                deadline = time.monotonic() + self.options.grace
                _signal(self.child, self.options.stop_signal)
            elif deadline is not None and not ready:
                _signal(self.child, signal.SIGKILL)
            self._reap()
        self._sweep()
        return self.status

    def _sweep(self) -> None:
        """End what the service left behind: asked first, killed after a second."""
        if not _LINUX:
            _signal(self.child, signal.SIGKILL, group=True)
            return
        kill_from, number = time.monotonic() + 1.0, signal.SIGTERM
        asked: set[int] = set()
        while left := _descendants():
            if time.monotonic() > kill_from:
                number, asked = signal.SIGKILL, set()
            for pid in left:
                if pid not in asked:
                    _signal(pid, number)
                    asked.add(pid)
            time.sleep(0.02)
            self._reap()


def main(arguments: list[str]) -> int:
    """Start the command after `--`, keep it, and give its exit code (negative: the signal that ended it)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stop-signal", type=int, default=int(signal.SIGTERM))
    parser.add_argument("--grace", type=float, default=5.0)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--reach", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)

    wakeup, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    if _LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    keeper = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)  # a signal to a child that isn't the service yet must wait
    child = os.fork()
    if child == 0:
        _exec(options.command, options, keeper)
    for number in _HEARD:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
    status = _Keeper(child, wakeup, options).run()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
