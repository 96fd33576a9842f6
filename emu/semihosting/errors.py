"""The errno values that programs know, which are newlib's and not the host's."""

from __future__ import annotations

import errno
from typing import Final

# Up to ERANGE every Unix and newlib agree; of the rest, those that files can give.
# Source: newlib, libc/include/sys/errno.h.
_LAST_COMMON: Final = errno.ERANGE
_NEWLIB: Final = {
    errno.ENOSYS: 88,
    errno.ENOTEMPTY: 90,
    errno.ENAMETOOLONG: 91,
    errno.ELOOP: 92,
    errno.EDQUOT: 132,
    errno.EOVERFLOW: 139,
}


def guest_errno(error: OSError) -> int:
    """The error as a program knows it; EIO if it has no name for it."""
    number = error.errno or errno.EIO
    return number if number <= _LAST_COMMON else _NEWLIB.get(number, errno.EIO)


def errno_name(number: int) -> str:
    """The name of an errno value of the program's."""
    host = {guest: host for host, guest in _NEWLIB.items()}.get(number, number)
    return errno.errorcode.get(host, str(number))
