"""`python -m mesascope` and the command `mesascope`: signals are heard before anything else is imported."""

from mesascope.jobs import interrupts


def main() -> None:
    """Entry point of the command line; always leaves through `SystemExit`, or ends the process."""
    interrupts.listen(_interrupted)
    from mesascope.cli.main import main as command

    command()


def _interrupted() -> None:
    """Said where the rest of the program is not imported yet."""
    from mesascope.cli.terminal import note

    note("mesascope: interrupted; nothing had begun")


if __name__ == "__main__":
    main()
