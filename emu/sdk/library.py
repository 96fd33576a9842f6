"""The built SDK: headers, archives, specs and a CMake package, built at first use.

It is kept in the user's cache under a name made of the sources, the code that builds them and the
compiler, so that a change of any of these builds a new one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, NamedTuple

from emu.sdk.sources import CMAKE, SdkError, digest, sources

PREFIX: Final = "arm-none-eabi-"
CPU: Final = ("-mcpu=cortex-a15",)
HARD: Final = ("-mfpu=neon-vfpv4", "-mfloat-abi=hard")
_VARIANTS: Final = {"hard": HARD, "soft": ("-mfloat-abi=soft",)}
_BARE: Final = frozenset(("console", "exit", "string"))
_NEWLIB: Final = frozenset(("newlib",))
EXECSTACK: Final = "guest-execstack.ld"
_STACK_FLAGS: Final = ("PT_GNU_STACK FLAGS(6)", "PT_GNU_STACK FLAGS(7)")
"""In the linker script, and in that for programs that execute their stacks."""

_NO_COMPILER: Final = f"""\
{PREFIX}gcc is not installed; it builds programs for the kernel
  Debian, Ubuntu   apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi
  Fedora           dnf install arm-none-eabi-gcc-cs arm-none-eabi-newlib
  Arch             pacman -S arm-none-eabi-gcc arm-none-eabi-newlib
  macOS            brew install --cask gcc-arm-embedded"""

_SPECS: Final = """\
# Programs on the kernel's own calls: with newlib, or without by -nolibc.
%rename link_gcc_c_sequence emu_link_gcc_c_sequence
%rename link emu_link
%rename cpp emu_cpp

*emu_variant:
-L{lib}/%{{mfloat-abi=hard:hard;:soft}}

*link_gcc_c_sequence:
%(emu_variant) --start-group {libraries} %G --end-group

*link:
%(emu_link) {script}

*cpp:
%(emu_cpp) -isystem {include}

*startfile:
%{{emu-none:}}

*endfile:
%{{emu-none:}}

"""


class Sdk(NamedTuple):
    """A built SDK: the directory it is in."""

    root: Path

    @property
    def include(self) -> Path:
        return self.root / "include"

    @property
    def lib(self) -> Path:
        return self.root / "lib"

    @property
    def cmake(self) -> Path:
        """Where ``find_package(emu)`` finds it."""
        return self.lib / "cmake" / "emu"

    @property
    def toolchain(self) -> Path:
        return self.cmake / "toolchain.cmake"

    @property
    def specs(self) -> Path:
        return self.lib / "emu.specs"

    @property
    def execstack(self) -> Path:
        """The linker script for programs that execute their stacks."""
        return self.lib / EXECSTACK

    def cflags(self) -> list[str]:
        return [*CPU, *HARD, "-mthumb", "-isystem", str(self.include)]

    def libs(self, bare: bool = False) -> list[str]:
        """bare: without newlib."""
        return [f"-specs={self.specs}", *(["-nolibc"] if bare else [])]


def sdk(cache: Path | None = None) -> Sdk:
    """The SDK, built now if it has not been.  cache: where it is kept.  Errors: SdkError."""
    root = sources()
    compiler = _compiler()
    home = cache or cache_home()
    place = home / f"sdk-{digest(root, compiler, str(home))}"
    if not place.is_dir():
        try:
            home.mkdir(parents=True, exist_ok=True)
            _build(root, place)
        except OSError as error:
            raise SdkError(f"cannot build the SDK in {place}: {error.strerror}") from error
    return Sdk(place)


def cache_home() -> Path:
    """The directory for what emu keeps: ``EMU_CACHE``, or emu's part of the user's cache."""
    if own := os.environ.get("EMU_CACHE"):
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").absolute() / "emu"


def _compiler() -> str:
    """Which compiler it is: its file and what it says of itself.  Errors: SdkError, if none."""
    found = shutil.which(f"{PREFIX}gcc")
    if found is None:
        raise SdkError(_NO_COMPILER)
    return f"{os.path.realpath(found)}\n{run([found, '--version'])}"


def run(command: list[str]) -> str:
    """Run a tool; what it prints.  Errors: SdkError, with the first line of its errors."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise SdkError(f"{command[0]} failed: {said[0]}")
    return done.stdout


def _build(root: Path, place: Path) -> None:
    """Build beside ``place`` and move there, so that two builds at once do not collide."""
    work = Path(mkdtemp(prefix=".sdk-", dir=place.parent))
    try:
        shutil.copytree(root / "include", work / "include")
        shutil.copytree(root / "lib", work / "src", ignore=shutil.ignore_patterns("*.mk"))
        lib = work / "lib"
        for variant, flags in _VARIANTS.items():
            _build_variant(work, lib / variant, flags, place)
        script = (work / "src" / "guest.ld").read_text()
        (lib / "guest.ld").write_text(script)
        (lib / EXECSTACK).write_text(script.replace(*_STACK_FLAGS))
        _write_specs(lib, place)
        shutil.copytree(CMAKE, lib / "cmake" / "emu")
        work.chmod(0o755)
        try:
            work.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _build_variant(work: Path, out: Path, flags: Iterable[str], place: Path) -> None:
    """The archives for one way to pass floats."""
    out.mkdir(parents=True)
    archives: dict[str, list[str]] = {"emu": [], "emu-bare": [], "emu-newlib": []}
    for source in sorted((work / "src").glob("*.[cS]")):
        made = out / f"{source.stem}.o"
        run([
            f"{PREFIX}gcc", *CPU, *flags, *_flags(source), f"-I{work / 'include'}",
            f"-ffile-prefix-map={work}={place}", f"-Wa,--debug-prefix-map={work}={place}",
            "-c", "-o", str(made), str(source),
        ])  # fmt: skip
        archive = {source.stem in _BARE: "emu-bare", source.stem in _NEWLIB: "emu-newlib"}
        archives[archive.get(True, "emu")].append(str(made))
    for name, objects in archives.items():
        run([f"{PREFIX}ar", "rcsD", str(out / f"lib{name}.a"), *objects])
        for path in objects:
            os.unlink(path)


def _flags(source: Path) -> list[str]:
    if source.suffix == ".S":
        return ["-g", "-Wa,-mthumb"]
    flags = ["-O2", "-g", "-mthumb", "-ffunction-sections", "-fdata-sections", "-fno-math-errno"]
    if source.stem not in _NEWLIB:
        flags.append("-ffreestanding")
    if source.stem == "string":  # memcpy must not be turned into a call of memcpy
        flags.append("-fno-tree-loop-distribute-patterns")
    return flags


def _write_specs(lib: Path, place: Path) -> None:
    """``emu.specs``: with newlib, or with the little C library of emu's own where -nolibc asks."""
    libc = "%{specs=nano.specs:-lc_nano;:-lc}"
    # Else newlib's own __malloc_lock, which locks nothing, is found before ours.
    script = "%{!T*:-T " + f"{place}/lib/guest.ld" + "} --gc-sections %{!nolibc:-u __malloc_lock}"
    libraries = "%{nolibc:-lemu -lemu-bare;:-lemu-newlib -lemu " + libc + "}"
    text = _SPECS.format(
        lib=f"{place}/lib", libraries=libraries, script=script, include=f"{place}/include"
    )
    (lib / "emu.specs").write_text(text)
