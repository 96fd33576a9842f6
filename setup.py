"""The part in C, which may be left out; and the library's sources, which go into the package.

Without a compiler the package is complete, and slower.
"""

from glob import glob
from pathlib import Path
from shutil import copytree, ignore_patterns

from setuptools import Extension, setup
from setuptools.command.build_py import build_py


class WithGuestLibrary(build_py):
    """Puts guest/include and guest/lib where ``emu.sdk`` finds them in an installed package."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "emu", "sdk", "guest")
        for part in ("include", "lib"):
            copytree(
                Path("guest", part),
                target / part,
                ignore=ignore_patterns("*.mk"),
                dirs_exist_ok=True,
            )


setup(
    cmdclass={"build_py": WithGuestLibrary},
    ext_modules=[
        Extension(
            "emu.native._hooks",
            sorted(glob("emu/native/*.c")),
            depends=sorted(glob("emu/native/*.h")),
            extra_compile_args=["-std=c11", "-Wall", "-Wextra", "-Wstrict-aliasing"],
            optional=True,
        )
    ],
)
