// Barriers of a block and of a warp, shuffles and votes; the threads are fibers, see ../grid.cpp.
#pragma once

extern "C" {
void emulation_syncthreads();
void emulation_syncwarp();
uint64_t emulation_shuffle(uint64_t value, int lane);
int emulation_lane();
}

inline void __syncthreads() { emulation_syncthreads(); }
inline void __syncwarp(unsigned = 0xffffffffu) { emulation_syncwarp(); }
inline void __threadfence() {}
inline void __threadfence_block() {}

template <class T>
inline T __shfl_sync(unsigned, T value, int lane, int = 32) {
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits = emulation_shuffle(bits, lane);
    memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int = 32) {
    const int lane = emulation_lane() + static_cast<int>(delta);
    return __shfl_sync(mask, value, lane < 32 ? lane : emulation_lane());
}

template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int = 32) {
    const int lane = emulation_lane() - static_cast<int>(delta);
    return __shfl_sync(mask, value, lane >= 0 ? lane : emulation_lane());
}

template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int bits, int = 32) {
    return __shfl_sync(mask, value, emulation_lane() ^ bits);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
    unsigned votes = 0;
    for (int lane = 0; lane < 32; lane++) votes |= unsigned(__shfl_sync(mask, predicate ? 1 : 0, lane)) << lane;
    return votes;
}

inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
