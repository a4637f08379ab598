# ridge_kernels_operator(NAME SOURCES a.c ... ISA_SOURCES k.c ...): static library ridge_kernels_NAME.
# SOURCES are baseline code; ISA_SOURCES are compiled once per ISA (common/vec.h) into the same library.
include_guard()
set(RIDGE_ISA_LIST ref)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(RIDGE_ISA_LIST avx512 avx2 ref)
endif()
set(RIDGE_ISA_FLAGS_ref -O2 -DRIDGE_VEC_BITS=32 -DRIDGE_ISA=ref)
set(RIDGE_ISA_FLAGS_avx2 -O3 -mavx2 -mfma -DRIDGE_VEC_BITS=256 -DRIDGE_ISA=avx2)
set(RIDGE_ISA_FLAGS_avx512 -O3 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512
    -DRIDGE_VEC_BITS=512 -DRIDGE_ISA=avx512)

function(ridge_kernels_operator name)
  cmake_parse_arguments(A "" "" "SOURCES;ISA_SOURCES" ${ARGN})
  set(objects)
  foreach(isa ${RIDGE_ISA_LIST})
    add_library(ridge_kernels_${name}_${isa} OBJECT ${A_ISA_SOURCES})
    ridge_setup(ridge_kernels_${name}_${isa})
    target_include_directories(ridge_kernels_${name}_${isa} PRIVATE ${PROJECT_SOURCE_DIR}/harness
                               ${PROJECT_SOURCE_DIR}/kernels)
    # No errno and no traps from math: sqrtf becomes an instruction; values are not touched.
    target_compile_options(ridge_kernels_${name}_${isa} PRIVATE -fno-math-errno -fno-trapping-math
                           -ffp-contract=off ${RIDGE_ISA_FLAGS_${isa}})
    list(APPEND objects $<TARGET_OBJECTS:ridge_kernels_${name}_${isa}>)
  endforeach()
  ridge_kernels_library(ridge_kernels_${name} ${A_SOURCES} ${objects})
  target_link_libraries(ridge_kernels_${name} PUBLIC ridge_kernels_common m)
  if("avx2" IN_LIST RIDGE_ISA_LIST)
    target_compile_definitions(ridge_kernels_${name} PRIVATE RIDGE_KERNELS_X86=1)
  endif()
endfunction()
