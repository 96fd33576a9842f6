/* Which SVCs are those of semihosting, and their operands.  The twin: emu/cpu/svc.py. */

#include "hooks.h"

/* Source: ARM-software/abi-aa, "Semihosting for AArch32 and AArch64". */
static const uint32_t arm_svc = 0xEF123456;
static const uint16_t thumb_svc = 0xDFAB;

enum { THUMB_BIT_ = 1 << 5, MOST_WORDS = 4 };

bool semihosting_is(Memory *memory, uint32_t syndrome, uint32_t pc, uint32_t cpsr)
{
    uint32_t immediate = syndrome & 0xFFFF;
    if (memory == NULL || (immediate != (arm_svc & 0xFFFF) && immediate != (thumb_svc & 0xFF)))
        return false;
    uint8_t code[4];
    if (cpsr & THUMB_BIT_)
        return memory_copy(memory, pc - 2, code, 2) && !memcmp(code, &thumb_svc, 2);
    return memory_copy(memory, pc - 4, code, 4) && !memcmp(code, &arm_svc, 4);
}

PyObject *semihosting_words(Memory *memory, uint32_t va, size_t number)
{
    uint32_t words[MOST_WORDS];
    if (number == 0 || number > MOST_WORDS || va + 4 * (uint64_t)number > 1ull << 32
        || !memory_copy(memory, va, (uint8_t *)words, 4 * number))
        Py_RETURN_NONE;
    PyObject *tuple = PyTuple_New((Py_ssize_t)number);
    for (size_t at = 0; tuple != NULL && at < number; at++) {
        PyObject *word = PyLong_FromUnsignedLong(words[at]);
        if (word == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, (Py_ssize_t)at, word);
    }
    return tuple;
}
