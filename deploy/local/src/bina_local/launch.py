"""Becomes another program that ends with its parent, and as another user when told.

Run as a file by the interpreter alone (`python -I -S launch.py …`), so that no thread of the parent is forked into
half a Python. Linux only knows the death signal; elsewhere the pid file is what cleans up.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


def main(arguments: list[str]) -> None:
    """Arguments: parent's pid, death signal, user or "-", "1" to pass closed folders, the program and its own."""
    parent, death_signal, user, passes, *program = arguments
    if user != "-":
        become(user, passes_folders=passes == "1")
    if sys.platform == "linux":
        # after the change of user, which clears it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            os.kill(os.getpid(), signal.SIGKILL)
    os.execvpe(program[0], program, os.environ)  # noqa: S606 the supervisor's own argument list, no shell


def become(user: str, *, passes_folders: bool) -> None:
    """Drop root for `user`; may keep the one right to read below folders that are closed to it."""
    import pwd

    entry = pwd.getpwnam(user)
    libc = ctypes.CDLL(None)
    if passes_folders:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if passes_folders:
        keep(libc, CAP_DAC_READ_SEARCH) or keep(libc, CAP_DAC_OVERRIDE)


def keep(libc: ctypes.CDLL, capability: int) -> bool:
    """Carry one capability over the next exec; False where the system does not grant it."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    only = 1 << capability
    data = (ctypes.c_uint32 * 6)(only, only, only, 0, 0, 0)
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        return False
    return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


if __name__ == "__main__":
    main(sys.argv[1:])
