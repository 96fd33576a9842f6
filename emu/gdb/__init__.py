"""The remote protocol of gdb, in layers: each process of the machine is an inferior of its own.

``transport`` has the bytes, ``packets`` their framing, ``session`` what the packets mean,
``target`` the machine as a debugger sees it.  The machine knows of none of them.
Source: "Debugging with GDB", appendix E (GDB Remote Serial Protocol).
"""
