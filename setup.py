"""Builds the packet path: one compiled module, `sfu.core._engine`. Everything else is said in pyproject.toml."""

from __future__ import annotations

from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

ENGINE = Extension(
    "sfu.core._engine",
    sources=["sfu/core/engine.pyx"],
    depends=glob("sfu/core/*.px[id]") + glob("sfu/core/*.h"),
    extra_compile_args=["-O2"],
)

setup(ext_modules=cythonize([ENGINE], build_dir="build/cython", language_level=3))
