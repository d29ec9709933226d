"""Why a machine could not run its command, for the user."""
import sys

BAD_USAGE, CANNOT, TIMEOUT, VM_FAILED = 2, 77, 124, 125  # exit statuses; 77 is what meson and automake take for a skip


class Failure(Exception):
    """A reason, and the exit status that goes with it."""

    def __init__(self, text, status=VM_FAILED):
        super().__init__(text)
        self.status = status


class Signalled(Exception):
    """A signal asked us to end."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def cannot(text):
    """This machine, or this user, is not one that can do it: nothing is broken."""
    return Failure(text, CANNOT)


def note(text):
    print(f'vm: {text}', file=sys.stderr, flush=True)
