"""`python -m cauce` is the command `cauce`."""

from cauce.cli.main import main

if __name__ == "__main__":
    main()
