"""`python -m mesascope` is the command `mesascope`."""

from mesascope.cli.main import main

if __name__ == "__main__":
    main()
