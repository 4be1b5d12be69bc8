// CUDA C++ as host C++: included before every kernel that compiler.cpp compiles.
#pragma once

#include <algorithm>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

// Qualifiers. Blocks run one after the other, so memory shared by a block may be static.
#undef __global__
#undef __device__
#undef __host__
#undef __shared__
#undef __constant__
#undef __forceinline__
#undef __launch_bounds__
#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __constant__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __managed__

// Where a thread is; ../grid.cpp sets these.
struct emulation_dim {
    unsigned x, y, z;
};
extern "C" {
extern thread_local emulation_dim emulation_thread, emulation_block, emulation_block_dim, emulation_grid_dim;
extern thread_local char* emulation_dynamic_shared;
}
#define threadIdx emulation_thread
#define blockIdx emulation_block
#define blockDim emulation_block_dim
#define gridDim emulation_grid_dim
static const int warpSize = 32;

// A launch passes an array of pointers to the parameters.
template <class... A, std::size_t... I>
void emulation_call_with(void (*kernel)(A...), void** p, std::index_sequence<I...>) {
    kernel(*reinterpret_cast<std::remove_const_t<std::remove_reference_t<A>>*>(p[I])...);
}

template <class... A>
void emulation_call(void (*kernel)(A...), void** p) {
    emulation_call_with(kernel, p, std::index_sequence_for<A...>{});
}

#include "atomics.h"
#include "intrinsics.h"
#include "warp.h"
