"""Unicorn's numbers, as far as they are used for Arm.

The package ``unicorn`` has them too, but to import it takes as long as to run a short program: it
brings those of nine other architectures.  Source: Unicorn 2.1.4, unicorn.h and arm.h.
"""

from __future__ import annotations

from typing import Final

# Architecture and mode, for ``uc_open``.
UC_MODE_ARM: Final = 0
UC_ARCH_ARM: Final = 1

# Rights, and how an access is told to hooks.
UC_PROT_NONE: Final = 0
UC_PROT_READ: Final = 1
UC_PROT_WRITE: Final = 2
UC_PROT_EXEC: Final = 4
UC_PROT_ALL: Final = 7
UC_MEM_READ: Final = 16
UC_MEM_WRITE: Final = 17
UC_MEM_FETCH: Final = 18
UC_MEM_READ_UNMAPPED: Final = 19
UC_MEM_WRITE_UNMAPPED: Final = 20
UC_MEM_FETCH_UNMAPPED: Final = 21
UC_MEM_WRITE_PROT: Final = 22
UC_MEM_READ_PROT: Final = 23
UC_MEM_FETCH_PROT: Final = 24
UC_MEM_READ_AFTER: Final = 25

# What functions return.
UC_ERR_OK: Final = 0
UC_ERR_NOMEM: Final = 1
UC_ERR_ARCH: Final = 2
UC_ERR_HANDLE: Final = 3
UC_ERR_MODE: Final = 4
UC_ERR_READ_UNMAPPED: Final = 6
UC_ERR_WRITE_UNMAPPED: Final = 7
UC_ERR_FETCH_UNMAPPED: Final = 8
UC_ERR_HOOK: Final = 9
UC_ERR_INSN_INVALID: Final = 10
UC_ERR_MAP: Final = 11
UC_ERR_WRITE_PROT: Final = 12
UC_ERR_READ_PROT: Final = 13
UC_ERR_FETCH_PROT: Final = 14
UC_ERR_ARG: Final = 15
UC_ERR_READ_UNALIGNED: Final = 16
UC_ERR_WRITE_UNALIGNED: Final = 17
UC_ERR_FETCH_UNALIGNED: Final = 18
UC_ERR_HOOK_EXIST: Final = 19
UC_ERR_RESOURCE: Final = 20
UC_ERR_EXCEPTION: Final = 21
UC_ERR_OVERFLOW: Final = 22

# Kinds of hooks.
UC_HOOK_INTR: Final = 1
UC_HOOK_INSN: Final = 2
UC_HOOK_CODE: Final = 4
UC_HOOK_BLOCK: Final = 8
UC_HOOK_MEM_READ_UNMAPPED: Final = 16
UC_HOOK_MEM_WRITE_UNMAPPED: Final = 32
UC_HOOK_MEM_FETCH_UNMAPPED: Final = 64
UC_HOOK_MEM_UNMAPPED: Final = 112
UC_HOOK_MEM_READ_PROT: Final = 128
UC_HOOK_MEM_READ_INVALID: Final = 144
UC_HOOK_MEM_WRITE_PROT: Final = 256
UC_HOOK_MEM_WRITE_INVALID: Final = 288
UC_HOOK_MEM_FETCH_PROT: Final = 512
UC_HOOK_MEM_FETCH_INVALID: Final = 576
UC_HOOK_MEM_PROT: Final = 896
UC_HOOK_MEM_INVALID: Final = 1008
UC_HOOK_MEM_READ: Final = 1024
UC_HOOK_MEM_WRITE: Final = 2048
UC_HOOK_MEM_FETCH: Final = 4096
UC_HOOK_MEM_VALID: Final = 7168
UC_HOOK_MEM_READ_AFTER: Final = 8192
UC_HOOK_INSN_INVALID: Final = 16384
UC_HOOK_EDGE_GENERATED: Final = 32768
UC_HOOK_TCG_OPCODE: Final = 65536
UC_HOOK_TLB_FILL: Final = 131072

# Requests of ``uc_ctl``, and their directions.
UC_CTL_IO_NONE: Final = 0
UC_CTL_UC_MODE: Final = 0
UC_TLB_CPU: Final = 0
UC_CTL_CONTEXT_CPU: Final = 1
UC_CTL_IO_WRITE: Final = 1
UC_CTL_UC_PAGE_SIZE: Final = 1
UC_TLB_VIRTUAL: Final = 1
UC_CTL_CONTEXT_MEMORY: Final = 2
UC_CTL_IO_READ: Final = 2
UC_CTL_UC_ARCH: Final = 2
UC_CTL_IO_READ_WRITE: Final = 3
UC_CTL_UC_TIMEOUT: Final = 3
UC_CTL_UC_USE_EXITS: Final = 4
UC_CTL_UC_EXITS_CNT: Final = 5
UC_CTL_UC_EXITS: Final = 6
UC_CTL_CPU_MODEL: Final = 7
UC_CTL_TB_REQUEST_CACHE: Final = 8
UC_CTL_TB_REMOVE_CACHE: Final = 9
UC_CTL_TB_FLUSH: Final = 10
UC_CTL_TLB_FLUSH: Final = 11
UC_CTL_TLB_TYPE: Final = 12
UC_CTL_TCG_BUFFER_SIZE: Final = 13
UC_CTL_CONTEXT_MODE: Final = 14

# Registers and the core.
UC_ARM_REG_CPSR: Final = 3
UC_ARM_REG_FPEXC: Final = 4
UC_ARM_REG_FPSCR: Final = 6
UC_ARM_REG_LR: Final = 10
UC_ARM_REG_PC: Final = 11
UC_ARM_REG_SP: Final = 12
UC_ARM_REG_D0: Final = 14
UC_ARM_REG_R0: Final = 66
UC_ARM_REG_ESR: Final = 140
UC_ARM_REG_CP_REG: Final = 139
UC_CPU_ARM_CORTEX_A15: Final = 17
