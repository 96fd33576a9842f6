# In what ways the newlib programs are compiled: all that is known of it is here.
#
# A variant is VARIANT_name := flags.  Between them the four that every program is built in have
# each instruction set, each way to pass floats, and each level of optimisation.

VARIANT_arm-soft := -marm -mfloat-abi=soft -O0
VARIANT_arm-hard := -marm -mfloat-abi=hard -mfpu=neon-vfpv4 -O2
VARIANT_thumb-soft := -mthumb -mfloat-abi=soft -O3
VARIANT_thumb-hard := -mthumb -mfloat-abi=hard -mfpu=neon-vfpv4 -Os

NEWLIB_VARIANTS := arm-soft arm-hard thumb-soft thumb-hard

# For code that is written for VFP and NEON, and for what depends most on the compiler's choices.
VARIANT_arm-softfp := -marm -mfloat-abi=softfp -mfpu=neon-vfpv4 -O3
VARIANT_thumb-softfp := -mthumb -mfloat-abi=softfp -mfpu=neon-vfpv4 -O2
VARIANT_arm-hard-O0 := -marm -mfloat-abi=hard -mfpu=neon-vfpv4 -O0
VARIANT_arm-hard-O3 := -marm -mfloat-abi=hard -mfpu=neon-vfpv4 -O3
VARIANT_thumb-hard-O0 := -mthumb -mfloat-abi=hard -mfpu=neon-vfpv4 -O0
VARIANT_thumb-hard-O3 := -mthumb -mfloat-abi=hard -mfpu=neon-vfpv4 -O3
VARIANT_arm-soft-Os := -marm -mfloat-abi=soft -Os
VARIANT_thumb-soft-O0 := -mthumb -mfloat-abi=soft -O0

WITH_VFP := arm-hard thumb-hard arm-softfp thumb-softfp arm-hard-O0 thumb-hard-O3

# Programs that are built in other variants than those four: NEWLIB_VARIANTS_program := variants.
NEWLIB_VARIANTS_neon_floats := $(WITH_VFP)
NEWLIB_VARIANTS_neon_integers := $(WITH_VFP)
NEWLIB_VARIANTS_vfp := $(WITH_VFP)
NEWLIB_VARIANTS_int64 := $(NEWLIB_VARIANTS) thumb-soft-O0 arm-soft-Os arm-hard-O3
NEWLIB_VARIANTS_structs := $(NEWLIB_VARIANTS) arm-softfp thumb-softfp arm-hard-O0 thumb-hard-O0
NEWLIB_VARIANTS_varargs := $(NEWLIB_VARIANTS) arm-softfp thumb-softfp arm-hard-O0 thumb-hard-O0
NEWLIB_VARIANTS_matrix := $(NEWLIB_VARIANTS) arm-hard-O3 thumb-hard-O3
NEWLIB_VARIANTS_unaligned := $(NEWLIB_VARIANTS) thumb-soft-O0 arm-hard-O3
