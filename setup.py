"""Builds the packet path: one compiled module, `sfu.core._engine`. Everything else is said in pyproject.toml.

With ENGINE_BUILD=address, thread or fuzz it is built to be watched while tests run (docs/fuzzing.md); the Makefile
puts those into build/, never into the tree.
"""

from __future__ import annotations

import os
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

WATCHED = ["-O1", "-g", "-fno-omit-frame-pointer", "-fno-wrapv"]
ADDRESS = [*WATCHED, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

FLAGS = {
    "": ["-O2"],
    "address": ADDRESS,
    "fuzz": [*ADDRESS, "-fsanitize-coverage=trace-pc,trace-cmp"],
    "thread": [*WATCHED, "-fsanitize=thread"],
}

BUILD = os.environ.get("ENGINE_BUILD", "")

ENGINE = Extension(
    "sfu.core._engine",
    sources=["sfu/core/engine.pyx", *(["tests/fuzz/coverage.c"] if BUILD == "fuzz" else [])],
    depends=glob("sfu/core/*.px[id]") + glob("sfu/core/*.h"),
    extra_compile_args=FLAGS[BUILD],
    extra_link_args=[flag for flag in FLAGS[BUILD] if flag.startswith("-fsanitize=")],
)

setup(
    ext_modules=cythonize(
        [ENGINE],
        build_dir=f"build/{BUILD}/cython" if BUILD else "build/cython",
        language_level=3,
        emit_linenums=bool(BUILD),  # a report then names our lines, not the generated ones
    )
)
