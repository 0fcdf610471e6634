// Wrong kernels in CUDA C. A comment at the end of a line says what must be found there.
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

// grid 2, block 64, n 100
extern "C" __global__ void no_guard(int *a, int *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    b[i] = a[i];  // out-of-bounds
}

// grid 1, block 128, n 100
extern "C" __global__ void guard_with_equality(int *a, int *b, int n) {
    int i = threadIdx.x;
    if (i <= n) b[i] = a[0];  // out-of-bounds
}

// grid 1, block 32, n 32
extern "C" __global__ void one_before_the_first(int *a, int *b, int n) {
    int i = threadIdx.x;
    b[i] = a[i - 1];  // out-of-bounds
}

// grid 1, block 32, n 64
extern "C" __global__ void vector_over_the_end(int *a, int *b, int n) {
    int4 v = reinterpret_cast<int4 *>(a)[threadIdx.x];  // out-of-bounds
    b[threadIdx.x] = v.x + v.y + v.z + v.w;
}

// grid 1, block 64, n 64
extern "C" __global__ void no_barrier(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    s[t] = a[t];  // race
    b[t] = s[63 - t];  // race
}

// grid 1, block 64, n 64
extern "C" __global__ void volatile_is_no_barrier(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    s[t] = a[t];  // race
    __threadfence_block();
    b[t] = s[63 - t];  // race
}

// grid 1, block 128, n 128
extern "C" __global__ void last_warp_without_syncwarp(int *a, int *b, int n) {
    __shared__ int s[128];
    int t = threadIdx.x;
    s[t] = a[t];
    __syncthreads();
    if (t < 32) {
        for (int k = 32; k > 0; k /= 2) s[t] += s[t + k];  // race
    }
    if (t == 0) b[0] = s[0];
}

// grid 2, block 64, n 128
extern "C" __global__ void racy_counter(int *a, int *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (a[i] > 3) b[0] += i;  // race
}

// grid 4, block 32, n 128
extern "C" __global__ void atomics_of_the_block_only(int *a, int *b, int n) {
    atomicAdd_block(&b[a[threadIdx.x]], 1);  // race
}

// grid 2, block 32, n 64
extern "C" __global__ void flag_without_fences(int *a, int *b, int n) {
    volatile int *flag = b;
    if (threadIdx.x) return;
    if (blockIdx.x == 0) {
        b[1] = a[1];  // race
        flag[0] = 1;
    } else {
        while (flag[0] == 0) {}
        b[2] = b[1];  // race
    }
}

// grid 2, block 32, n 64
extern "C" __global__ void flag_fenced_by_the_writer_only(int *a, int *b, int n) {
    volatile int *flag = b;
    if (threadIdx.x) return;
    if (blockIdx.x == 0) {
        b[1] = a[1];  // race
        __threadfence();
        flag[0] = 1;
    } else {
        while (flag[0] == 0) {}
        b[2] = b[1];  // race
    }
}

// grid 2, block 32, n 64
extern "C" __global__ void plain_write_against_atomic(int *a, int *b, int n) {
    if (threadIdx.x) return;
    if (blockIdx.x == 0)
        b[0] = a[5];  // race
    else
        atomicAdd(&b[0], 1);  // race
}

// grid 1, block 64, n 64
extern "C" __global__ void wrong_named_barrier(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    s[t] = a[t];  // race
    if (t < 32)
        asm volatile("bar.sync 1, 32;" ::: "memory");
    else
        asm volatile("bar.sync 2, 32;" ::: "memory");
    b[t] = s[63 - t];  // race
}

// grid 1, block 64, n 64
extern "C" __global__ void barrier_in_one_warp(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (t < 20) {
        b[t] = a[t];
        __syncthreads();  // barrier
        b[t] += 1;
    } else {
        b[t] = 2;
    }
}

// grid 1, block 64, n 64
extern "C" __global__ void barrier_counts_too_many(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (t < 32) asm volatile("bar.sync 1, 64;" ::: "memory");  // barrier
    __syncthreads();  // barrier
    b[t] = a[t];
}

// grid 1, block 32, n 32
extern "C" __global__ void lanes_at_two_barriers(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (t & 1) {
        b[t] = a[t];
        asm volatile("bar.sync 0; // odd" ::: "memory");  // barrier
    } else {
        b[t] = a[t] + 1;
        asm volatile("bar.sync 0; // even" ::: "memory");  // barrier
    }
}

// grid 1, block 64, n 64
extern "C" __global__ void reads_unwritten_shared(int *a, int *b, int n) {
    __shared__ int s[65];
    int t = threadIdx.x;
    s[t] = a[t];
    __syncthreads();
    b[t] = s[t + 1];  // uninitialised
}

// grid 1, block 64, n 64, b unwritten
extern "C" __global__ void reads_unwritten_output(int *a, int *b, int n) {
    int t = threadIdx.x;
    b[t] = b[t] + a[t];  // uninitialised
}

// grid 2000, block 1024, n 32
extern "C" __global__ void waits_for_blocks_to_come(int *a, int *b, int n) {
    volatile int *count = b;
    if (threadIdx.x == 0) {
        atomicAdd(b, 1);
        while (count[0] < gridDim.x) {}  // residency
    }
}

// grid 1, block 64, n 64
extern "C" __global__ void converts_to_double(int *a, int *b, int n) {
    int t = threadIdx.x;
    b[t] = a[t] * 0.75;  // float64
}

// grid 3, block 32, n 64
extern "C" __global__ void flag_overwritten_without_fence(int *a, int *b, int n) {
    volatile int *flag = b;
    if (threadIdx.x) return;
    if (blockIdx.x == 0) {
        b[1] = a[1];  // race
        __threadfence();
        atomicExch(b, 1);
    } else if (blockIdx.x == 1) {
        while (flag[0] != 1) {}
        flag[0] = 5;
    } else {
        while (flag[0] != 5) {}
        __threadfence();
        b[2] = b[1];  // race
    }
}

// grid 2, block 32, n 64
extern "C" __global__ void two_blocks_with_atomics_of_their_own(int *a, int *b, int n) {
    if (threadIdx.x) return;
    if (blockIdx.x == 0)
        atomicAdd_block(b, 1);  // race
    else
        atomicExch_block(b, 5);  // race
}

// grid 1, block 64, n 64
extern "C" __global__ void writes_on_after_its_arrival(int *a, int *b, int n) {
    __shared__ int s[32];
    int t = threadIdx.x;
    if (t < 32) {
        s[t] = a[t];
        asm volatile("bar.arrive 1, 64;" ::: "memory");
        s[t] = 7 * t;  // race
    } else {
        asm volatile("bar.sync 1, 64;" ::: "memory");
        b[t] = s[63 - t];  // race
    }
}

// grid 1, block 48, n 48
extern "C" __global__ void sums_lanes_that_the_block_does_not_have(int *a, int *b, int n) {
    int t = threadIdx.x, v = a[t];
    for (int k = 16; k > 0; k /= 2) v += __shfl_down_sync(0xffffffff, v, k);  // uninitialised
    if (t % 32 == 0) b[t / 32] = v;
}

// grid 1, block 64, n 64
extern "C" __global__ void half_a_warp_waits_at_a_shuffle(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    s[t] = a[t];
    if (t & 1) s[t] += __shfl_xor_sync(0xffffffff, a[t], 2);  // barrier
    __syncthreads();  // barrier
    b[t] = s[t];
}

// grid 1, block 32, n 32
extern "C" __global__ void reduces_without_itself(int *a, int *b, int n) {
    int t = threadIdx.x;
    b[t] = __reduce_add_sync(0x7fffffff, a[t]);  // barrier
}

// grid 1, block 32, n 32
extern "C" __global__ void syncwarp_of_all_in_one_half(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (t < 16)
        __syncwarp();  // barrier
    else
        __syncwarp(0xffff0000);
    if (t >= 16) b[t] = __match_any_sync(0xffffffff, a[t]);  // barrier
}

// grid 1, block 32, n 32
extern "C" __global__ void branches_on_what_no_lane_gave(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (t >= 24) return;
    int next = __shfl_down_sync(0xffffff, a[t], 1);  // uninitialised
    if (next > 4) atomicAdd(b, 1);
}

// grid 3, block 64, n 192
extern "C" __global__ void tile_sync_for_a_block(int *a, int *b, int n) {
    __shared__ int s[64];
    auto tile = cg::tiled_partition<16>(cg::this_thread_block());
    int t = threadIdx.x;
    s[t] = a[t];  // race
    tile.sync();
    b[blockIdx.x * 64 + t] = s[(t + 16) % 64];  // race
}

// grid 4, block 64, n 256
extern "C" __global__ void reads_before_the_grid_met(int *a, int *b, int n) {
    cg::grid_group grid = cg::this_grid();
    int i = grid.thread_rank();
    b[i] = a[i];  // race
    int v = b[n - 1 - i];  // race
    grid.sync();
    a[i] = v;
}
