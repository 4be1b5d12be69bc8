// What a launch of a kernel needs to know.
#pragma once

struct Dim {
    unsigned x, y, z;
    unsigned count() const { return x * y * z; }
    Dim at(unsigned i) const { return {i % x, i / x % y, i / (x * y)}; }
};

struct Kernel {
    void (*call)(void**);  // calls the kernel once, as one thread
    bool synchronises;     // it has barriers or shuffles
};

void run_grid(const Kernel& kernel, Dim grid, Dim block, unsigned shared_bytes, void** parameters);
