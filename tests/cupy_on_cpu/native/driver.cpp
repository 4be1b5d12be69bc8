// libcuda: the CUDA driver API as far as CuPy calls it. A module is a shared object made by compiler.cpp.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>

#include "grid.h"

namespace {

constexpr int kSuccess = 0, kInvalidImage = 200, kNotFound = 500, kNotSupported = 801;

thread_local std::string last_error;
void* const kContext = reinterpret_cast<void*>(1);

int fail(int code, const std::string& message) {
    last_error = message;
    return code;
}

// The code as a file, named by its content; it stays, for the debugger and for AddressSanitizer's reports.
std::string file_of(const std::string& code) {
    const char* cache = getenv("CUPY_CACHE_DIR");
    const std::string folder = cache ? cache : P_tmpdir;
    const std::string path = folder + "/" + std::to_string(std::hash<std::string>{}(code)) + ".so";
    if (access(path.c_str(), R_OK) == 0) return path;
    std::string written = folder + "/XXXXXX";  // renamed when complete: other processes write the same
    const int file = mkstemp(&written[0]);
    close(file);
    std::ofstream(written, std::ios::binary) << code;
    rename(written.c_str(), path.c_str());
    return path;
}

}  // namespace

extern "C" {

// Called by the generated stubs of cuBLAS, cuFFT, ... with the name of the function and its arguments; see
// site/emulation/calls.py, which sets it and clears it when the interpreter ends.
int (*emulation_hook)(const char*, intptr_t*) = nullptr;

// Errors and contexts: one context, always current

int cuGetErrorName(int, const char** name) {
    *name = "CUDA_ERROR";
    return kSuccess;
}

int cuGetErrorString(int, const char** text) {
    *text = last_error.c_str();
    return kSuccess;
}

int cuCtxGetCurrent(void** context) {
    *context = kContext;
    return kSuccess;
}

int cuCtxSetCurrent(void*) { return kSuccess; }

int cuCtxGetDevice(int* device) {
    *device = 0;
    return kSuccess;
}

int cuDevicePrimaryCtxRelease_v2(int) { return kSuccess; }

int cuStreamGetCtx(void*, void** context) {
    *context = kContext;
    return kSuccess;
}

// Modules and functions

int cuModuleLoadData(void** module, const void* image) {
    const char* bytes = static_cast<const char*>(image);
    if (memcmp(bytes, "CPUCODE", 8)) return fail(kInvalidImage, "not an image that the emulated NVRTC compiled");
    uint64_t size;
    memcpy(&size, bytes + 8, sizeof size);
    *module = dlopen(file_of(std::string(bytes + 16, size)).c_str(), RTLD_NOW | RTLD_LOCAL);
    return *module ? kSuccess : fail(kInvalidImage, dlerror());
}

int cuModuleUnload(void*) { return kSuccess; }

int cuModuleGetFunction(void** function, void* module, const char* name) {
    void* call = dlsym(module, (std::string("emulation_call_") + name).c_str());
    if (!call) return fail(kNotFound, std::string("no kernel named ") + name);
    const int* synchronises = static_cast<const int*>(dlsym(module, "emulation_synchronises"));
    *function = new Kernel{reinterpret_cast<void (*)(void**)>(call), synchronises && *synchronises};
    return kSuccess;
}

int cuModuleGetGlobal_v2(void** pointer, size_t* size, void* module, const char* name) {
    *pointer = dlsym(module, name);
    *size = 0;
    return *pointer ? kSuccess : fail(kNotFound, std::string("no variable named ") + name);
}

int cuFuncGetAttribute(int* value, int attribute, void*) {
    *value = attribute == 0 ? 1024 : 0;  // attribute 0: threads in a block, at most
    return kSuccess;
}

int cuFuncSetAttribute(void*, int, int) { return kSuccess; }

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, size_t) {
    *blocks = 2;
    return kSuccess;
}

int cuOccupancyMaxPotentialBlockSize(int* grid, int* block, void*, void*, size_t, int) {
    *grid = 4;
    *block = 128;
    return kSuccess;
}

// Launches. The threads of a block are at most as many as cuFuncGetAttribute says.

int cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned shared_bytes, void*, void** parameters, void**) {
    const Dim grid{grid_x, grid_y, grid_z}, block{block_x, block_y, block_z};
    if (block.count() > 1024) return fail(kNotSupported, "more than 1024 threads in a block");
    run_grid(*static_cast<const Kernel*>(function), grid, block, shared_bytes, parameters);
    return kSuccess;
}

int cuLaunchCooperativeKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,
                              void**) {
    return fail(kNotSupported, "cooperative launches are not modelled by the emulation");
}

}  // extern "C"
