"""`python -m therabook` is the console script `therabook`."""

from __future__ import annotations

from therabook.cli import main

if __name__ == "__main__":
    main(prog_name="therabook")
