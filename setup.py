"""The part in C, which may be left out: without a compiler the package is complete, and slower."""

from glob import glob

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "emu.native._hooks",
            sorted(glob("emu/native/*.c")),
            depends=sorted(glob("emu/native/*.h")),
            extra_compile_args=["-std=c11", "-Wall", "-Wextra"],
            optional=True,
        )
    ]
)
