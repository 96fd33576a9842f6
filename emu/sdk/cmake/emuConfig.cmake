# find_package(emu): the target emu::bare links without newlib, with the small C library of the SDK.
# All else is linked with newlib: the toolchain file says so.
get_filename_component(EMU_SDK "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(EMU_INCLUDE_DIR "${EMU_SDK}/include")

if(NOT TARGET emu::bare)
  add_library(emu::bare INTERFACE IMPORTED)
  set_target_properties(emu::bare PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${EMU_INCLUDE_DIR}"
    INTERFACE_LINK_OPTIONS "-nolibc")
endif()
