"""`python -m antiphon` is the `antiphon` command."""

import sys

from antiphon.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
