"""Random loads and stores of every kind at every alignment, beside qemu-arm.

A program is a row of cases: the base register is set to an address that is aligned or not, and an
instruction loads or stores there, perhaps by a condition.  One that faults is noted with its
address and passed.  In the end all registers and the data are compared, and the faults.
"""
