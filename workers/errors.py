"""What may go wrong in an expected way at the command line, told in one line that says what to do."""


class CommandError(Exception):
    """The operator must act as the message says; it is printed alone, without a traceback, and the exit code is 1."""
