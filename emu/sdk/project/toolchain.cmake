# The SDK of the emu that is on the path.
execute_process(COMMAND emu sdk --toolchain OUTPUT_VARIABLE emu_toolchain
  OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE emu_status)
if(NOT emu_status EQUAL 0)
  message(FATAL_ERROR "emu sdk --toolchain failed: is emu on the path?")
endif()
include("${emu_toolchain}")
