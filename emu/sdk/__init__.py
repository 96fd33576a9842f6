"""What builds programs for the kernel: headers, start-up code, the library, the linker script.

``sources`` finds them, ``library`` builds them once for each compiler, ``compiler`` compiles with
them, ``starter`` writes a project that does.  Nothing here knows of the machine.
"""
