"""`python -m therabook.audit_verify FILE`: the same as `therabook audit verify FILE`."""

from __future__ import annotations

import sys

from therabook.audit_verify.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
