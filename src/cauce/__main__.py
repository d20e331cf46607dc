"""`python -m cauce` is the command `cauce`; so is this file under spark-submit, which takes no modules."""

import sys
from pathlib import Path

# Started as a file, its own folder comes first, where our `language` or `stats` would pass for a library's.
if sys.path[:1] == [str(Path(__file__).parent)]:
    del sys.path[0]

from cauce.cli.main import main

if __name__ == "__main__":
    main()
