// Runs the grid of a launch on the calling thread: blocks one after the other; the threads of a block are iterations of
// a loop, or fibers that stop at barriers where the kernel has some.
#include "grid.h"

#include <setjmp.h>
#include <ucontext.h>

#include <cstdint>
#include <memory>
#include <vector>

// The built-in variables of a kernel and what its barriers and shuffles call; see shim/cuda.h.
extern "C" {
thread_local Dim emulation_thread, emulation_block, emulation_block_dim, emulation_grid_dim;
thread_local char* emulation_dynamic_shared;
}

namespace {

constexpr size_t kStack = 128 * 1024;
constexpr unsigned kThreads = 1024;  // in a block, at most
constexpr unsigned kWarp = 32;

enum class State : unsigned char { ready, at_block_barrier, at_warp_barrier, done };

struct Fiber {
    State state = State::done;
    bool started = false;
    jmp_buf place;         // where it goes on
    uint64_t offered = 0;  // in a shuffle
};

// The fibers of a thread of the CPU, used again for every block: each runs one thread of the block, then waits.
struct Fibers {
    Fiber fiber[kThreads + kWarp];
    std::unique_ptr<char[]> stacks{new char[kStack * kThreads]};
    jmp_buf scheduler;
    unsigned current = 0;
    bool running = false;
    const Kernel* kernel = nullptr;
    void** parameters = nullptr;
};

Fibers& fibers() {
    thread_local std::unique_ptr<Fibers> own{new Fibers};
    return *own;
}

// setjmp and longjmp, for swapcontext would call the kernel of the system at each barrier of each thread.
void switch_to_scheduler() {
    Fibers& all = fibers();
    if (!_setjmp(all.fiber[all.current].place)) _longjmp(all.scheduler, 1);
}

void run_fiber() {
    for (;;) {
        Fibers& all = fibers();
        all.kernel->call(all.parameters);
        all.fiber[all.current].state = State::done;
        switch_to_scheduler();
    }
}

void start(unsigned thread) {
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = &fibers().stacks[kStack * thread];
    context.uc_stack.ss_size = kStack;
    context.uc_link = nullptr;
    makecontext(&context, run_fiber, 0);
    fibers().fiber[thread].started = true;
    setcontext(&context);
}

void run_until_it_waits(unsigned thread) {
    Fibers& all = fibers();
    all.current = thread;
    if (_setjmp(all.scheduler)) return;
    if (all.fiber[thread].started) _longjmp(all.fiber[thread].place, 1);
    start(thread);
}

void wait(State barrier) {
    Fibers& all = fibers();
    if (!all.running) return;
    const Dim thread = emulation_thread;
    const unsigned self = all.current;
    all.fiber[self].state = barrier;
    switch_to_scheduler();
    emulation_thread = thread;
    fibers().current = self;
}

bool release(State barrier, unsigned threads) {
    bool any = false;
    for (unsigned thread = 0; thread < threads; thread++) {
        State& state = fibers().fiber[thread].state;
        if (state != barrier) continue;
        state = State::ready;
        any = true;
    }
    return any;
}

void run_block_of_fibers(const Kernel& kernel, Dim block, void** parameters) {
    Fibers& all = fibers();
    all.kernel = &kernel;
    all.parameters = parameters;
    all.running = true;
    const unsigned threads = block.count();
    for (unsigned thread = 0; thread < threads; thread++) all.fiber[thread].state = State::ready;
    do {
        for (unsigned thread = 0; thread < threads; thread++) {
            if (all.fiber[thread].state != State::ready) continue;
            emulation_thread = block.at(thread);
            run_until_it_waits(thread);
        }
    } while (release(State::at_warp_barrier, threads) || release(State::at_block_barrier, threads));
    all.running = false;
}

void run_block_of_iterations(const Kernel& kernel, Dim block, void** parameters) {
    for (unsigned thread = 0; thread < block.count(); thread++) {
        emulation_thread = block.at(thread);
        kernel.call(parameters);
    }
}

}  // namespace

extern "C" {

void emulation_syncthreads() { wait(State::at_block_barrier); }
void emulation_syncwarp() { wait(State::at_warp_barrier); }
int emulation_lane() { return fibers().current % kWarp; }

uint64_t emulation_shuffle(uint64_t value, int lane) {
    Fibers& all = fibers();
    if (!all.running) return value;
    const unsigned self = all.current;
    all.fiber[self].offered = value;
    wait(State::at_warp_barrier);
    const uint64_t received = all.fiber[self / kWarp * kWarp + lane % kWarp].offered;
    wait(State::at_warp_barrier);
    return received;
}

}  // extern "C"

void run_grid(const Kernel& kernel, Dim grid, Dim block, unsigned shared_bytes, void** parameters) {
    std::vector<char> dynamic_shared(shared_bytes + 16);
    emulation_dynamic_shared = dynamic_shared.data();
    emulation_grid_dim = grid;
    emulation_block_dim = block;
    const auto run_block = kernel.synchronises ? run_block_of_fibers : run_block_of_iterations;
    for (unsigned b = 0; b < grid.count(); b++) {
        emulation_block = grid.at(b);
        run_block(kernel, block, parameters);
    }
}
