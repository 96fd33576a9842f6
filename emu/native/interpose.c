/* Interposing functions of a shared library that is loaded: in ELF files on Linux, for 64 bits.
 *
 * A library calls the functions that it exports through tables of addresses, because a program may
 * bring functions of its own with these names.  The tables are found by the library's relocations
 * (System V ABI, "Dynamic Linking") and changed here, which needs no order of loading. */

#define _GNU_SOURCE

#include "interpose.h"

#if defined __linux__ && defined __LP64__ && (defined __x86_64__ || defined __aarch64__)

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__
enum { IN_CALLS = R_X86_64_JUMP_SLOT, IN_DATA = R_X86_64_64 };
#else
enum { IN_CALLS = R_AARCH64_JUMP_SLOT, IN_DATA = R_AARCH64_ABS64 };
#endif

/* The part of a library's dynamic section that is needed here. */
typedef struct {
    uintptr_t base;
    const Elf64_Sym *symbols;
    const char *names;
    const Elf64_Rela *relocations[2];
    size_t sizes[2];
} Library;

static void *opened(const void *inside)
{
    Dl_info found;
    if (!dladdr(inside, &found) || found.dli_fname == NULL)
        return NULL;
    return dlopen(found.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
}

/* Some C libraries have made these addresses absolute, and others have not. */
static const void *at(uintptr_t base, Elf64_Addr address)
{
    return (const void *)(address < base ? base + address : address);
}

static bool read_library(void *handle, Library *library)
{
    struct link_map *map;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map))
        return false;
    *library = (Library){.base = map->l_addr};
    for (const Elf64_Dyn *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB: library->symbols = at(map->l_addr, entry->d_un.d_ptr); break;
        case DT_STRTAB: library->names = at(map->l_addr, entry->d_un.d_ptr); break;
        case DT_JMPREL: library->relocations[0] = at(map->l_addr, entry->d_un.d_ptr); break;
        case DT_PLTRELSZ: library->sizes[0] = entry->d_un.d_val; break;
        case DT_RELA: library->relocations[1] = at(map->l_addr, entry->d_un.d_ptr); break;
        case DT_RELASZ: library->sizes[1] = entry->d_un.d_val; break;
        }
    }
    return library->symbols && library->names && library->relocations[0]
        && library->relocations[1];
}

/* Write an address where the linker may have made the page read-only when it was done. */
static bool put(uintptr_t place, Function function)
{
    uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE), page = place & ~(size - 1);
    if (mprotect((void *)page, size, PROT_READ | PROT_WRITE))
        return false;
    memcpy((void *)place, &function, sizeof function);
    return true;
}

enum { MOST = 64 };

/* Where addresses are to be changed. */
typedef struct {
    size_t number;
    struct {
        uintptr_t place;
        size_t function;
    } at[MOST];
} Places;

/* Which of the functions a symbol is, or `number`.  own: where the library has them. */
static size_t which(const uintptr_t *own, size_t number, uintptr_t address)
{
    size_t at = 0;
    while (at < number && own[at] != address)
        at++;
    return at;
}

static bool find(const Library *library, int table, const uintptr_t *own, size_t number,
                 Places *places)
{
    const Elf64_Rela *one = library->relocations[table];
    const Elf64_Rela *end = one + library->sizes[table] / sizeof *one;
    for (; one < end; one++) {
        uint64_t symbol = ELF64_R_SYM(one->r_info);
        uint32_t type = ELF64_R_TYPE(one->r_info);
        if (!symbol || (type != IN_CALLS && type != IN_DATA))
            continue;
        size_t function = which(own, number, library->base + library->symbols[symbol].st_value);
        if (function == number)
            continue;
        if (places->number == MOST)
            return false;
        places->at[places->number].place = library->base + one->r_offset;
        places->at[places->number++].function = function;
    }
    return true;
}

static Function as_function(void *address)
{
    Function function;
    memcpy(&function, &address, sizeof function);
    return function;
}

/* What the library would call: what the program has in its place, or its own. */
static Function called(void *handle, const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    return as_function(found == NULL ? dlsym(handle, name) : found);
}

enum { FUNCTIONS = 32 };

bool interpose(const void *inside, const Interposed *functions, size_t number)
{
    Library library;
    Places places = {0};
    uintptr_t own[FUNCTIONS];
    bool seen[FUNCTIONS] = {false};
    void *handle = opened(inside);
    if (number > FUNCTIONS || handle == NULL || !read_library(handle, &library))
        return false;
    for (size_t at = 0; at < number; at++) {
        own[at] = (uintptr_t)dlsym(handle, functions[at].name);
        *functions[at].before = called(handle, functions[at].name);
        if (!own[at])
            return false;
    }
    if (!find(&library, 0, own, number, &places) || !find(&library, 1, own, number, &places))
        return false;
    for (size_t at = 0; at < places.number; at++)
        seen[places.at[at].function] = true;
    for (size_t at = 0; at < number; at++)
        if (!seen[at])
            return false;
    for (size_t at = 0; at < places.number; at++)
        if (!put(places.at[at].place, functions[places.at[at].function].ours))
            return false;
    return true;
}

Function function_of(const void *inside, const char *name)
{
    void *handle = opened(inside);
    return handle == NULL ? NULL : called(handle, name);
}

#else

bool interpose(const void *inside, const Interposed *functions, size_t number)
{
    (void)inside, (void)functions, (void)number;
    return false;
}

Function function_of(const void *inside, const char *name)
{
    (void)inside, (void)name;
    return NULL;
}

#endif
