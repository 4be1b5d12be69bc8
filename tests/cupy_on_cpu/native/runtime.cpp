// libcudart: the CUDA runtime API as far as CuPy calls it. Device memory is host memory, every stream is synchronous,
// and there are two devices without peer access, so that arrays of two devices cannot meet.
#include <cuda_runtime.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr int kDevices = 2;
constexpr int kVersion = 13020;
constexpr size_t kMemory = size_t(1) << 32;
constexpr int kPoison = 0xFF;  // fresh memory reads as NaN, or as -1

thread_local int current_device = 0;

double milliseconds() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

}  // namespace

extern "C" {

// Set by the generated functions that stand for whatever is not modelled here.
const char* emulation_missing_call = "";

// Errors

const char* cudaGetErrorName(cudaError_t error) {
    return error == cudaSuccess ? "cudaSuccess" : error == cudaErrorNotSupported ? "cudaErrorNotSupported" : "cudaError";
}

const char* cudaGetErrorString(cudaError_t error) {
    return error == cudaErrorNotSupported ? emulation_missing_call : "error of the emulated CUDA runtime";
}

cudaError_t cudaGetLastError() { return cudaSuccess; }

// Versions and devices

cudaError_t cudaDriverGetVersion(int* version) {
    *version = kVersion;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = kVersion;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
    *count = kDevices;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
    *device = current_device;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
    if (device < 0 || device >= kDevices) return cudaErrorInvalidDevice;
    current_device = device;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
    switch (static_cast<int>(attribute)) {
        case cudaDevAttrComputeCapabilityMajor: *value = 9; break;
        case cudaDevAttrComputeCapabilityMinor: *value = 0; break;
        case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
        case cudaDevAttrMultiProcessorCount: *value = 2; break;
        case cudaDevAttrWarpSize: *value = 32; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *value = 49152; break;
        case cudaDevAttrMaxGridDimX: *value = 2147483647; break;
        case cudaDevAttrMaxBlockDimX: *value = 1024; break;
        default: *value = 0;
    }
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    memset(properties, 0, sizeof *properties);
    strcpy(properties->name, "CPU emulation");
    properties->major = 9;
    properties->warpSize = 32;
    properties->maxThreadsPerBlock = 1024;
    properties->maxThreadsDim[0] = 1024;
    properties->maxGridSize[0] = 2147483647;
    properties->multiProcessorCount = 2;
    properties->sharedMemPerBlock = 49152;
    properties->totalGlobalMem = kMemory;
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }

cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) {
    *can = 0;
    return cudaSuccess;
}

// Memory

cudaError_t cudaMalloc(void** pointer, size_t size) {
    *pointer = nullptr;
    if (posix_memalign(pointer, 512, size ? size : 1)) return cudaErrorMemoryAllocation;
    memset(*pointer, kPoison, size);
    return cudaSuccess;
}

cudaError_t cudaMallocManaged(void** pointer, size_t size, unsigned) { return cudaMalloc(pointer, size); }
cudaError_t cudaMallocAsync(void** pointer, size_t size, cudaStream_t) { return cudaMalloc(pointer, size); }
cudaError_t cudaHostAlloc(void** pointer, size_t size, unsigned) { return cudaMalloc(pointer, size); }

cudaError_t cudaFree(void* pointer) {
    free(pointer);
    return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t) { return cudaFree(pointer); }
cudaError_t cudaFreeHost(void* pointer) { return cudaFree(pointer); }

cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
    *available = *total = kMemory;
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind) {
    memmove(to, from, size);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind kind, cudaStream_t) {
    return cudaMemcpy(to, from, size, kind);
}

cudaError_t cudaMemcpyPeer(void* to, int, const void* from, int, size_t size) {
    return cudaMemcpy(to, from, size, cudaMemcpyDefault);
}

cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t size, cudaStream_t) {
    return cudaMemcpy(to, from, size, cudaMemcpyDefault);
}

cudaError_t cudaMemset(void* to, int value, size_t size) {
    memset(to, value, size);
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t size, cudaStream_t) { return cudaMemset(to, value, size); }

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
    memset(attributes, 0, sizeof *attributes);
    attributes->type = cudaMemoryTypeDevice;
    attributes->device = current_device;
    attributes->devicePointer = const_cast<void*>(pointer);
    return cudaSuccess;
}

// Streams: names for one and the same synchronous order

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    *stream = static_cast<cudaStream_t>(malloc(1));
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return cudaStreamCreate(stream); }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) { return cudaStreamCreate(stream); }

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    free(stream);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamQuery(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }

cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
    *status = cudaStreamCaptureStatusNone;
    return cudaSuccess;
}

// Events: a clock reading each

cudaError_t cudaEventCreate(cudaEvent_t* event) {
    *event = static_cast<cudaEvent_t>(calloc(1, sizeof(double)));
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return cudaEventCreate(event); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    free(event);
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
    *reinterpret_cast<double*>(event) = milliseconds();
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventQuery(cudaEvent_t) { return cudaSuccess; }

cudaError_t cudaEventElapsedTime(float* elapsed, cudaEvent_t start, cudaEvent_t stop) {
    *elapsed = static_cast<float>(*reinterpret_cast<double*>(stop) - *reinterpret_cast<double*>(start));
    return cudaSuccess;
}

}  // extern "C"
