// Right kernels in CUDA C that look like the wrong ones.
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

// grid 3, block 64, n 130, b unwritten
extern "C" __global__ void guarded(int *a, int *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) b[i] = a[i];
}

// grid 1, block 32, n 300
extern "C" __global__ void grid_stride(int *a, int *b, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) b[i] = a[i];
}

// grid 1, block 16, n 64
extern "C" __global__ void vectors(int *a, int *b, int n) {
    reinterpret_cast<int4 *>(b)[threadIdx.x] = reinterpret_cast<int4 *>(a)[threadIdx.x];
}

// grid 1, block 64, n 64
extern "C" __global__ void exchange(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    s[t] = a[t];
    __syncthreads();
    b[t] = s[63 - t];
}

// grid 1, block 128, n 128
extern "C" __global__ void last_warp_with_syncwarp(int *a, int *b, int n) {
    __shared__ int s[128];
    int t = threadIdx.x;
    s[t] = a[t];
    __syncthreads();
    if (t < 64) s[t] += s[t + 64];
    __syncthreads();
    if (t < 32) {
        int v = s[t] + s[t + 32];
        s[t] = v;
        __syncwarp();
        for (int k = 16; k > 0; k /= 2) {
            v += t < k ? s[t + k] : 0;
            __syncwarp();
            s[t] = v;
            __syncwarp();
        }
    }
    if (t == 0) b[0] = s[0];
}

// grid 2, block 64, n 128
extern "C" __global__ void counter(int *a, int *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (a[i] > 3) atomicAdd(&b[0], i);
}

// grid 4, block 32, n 128
extern "C" __global__ void atomics_of_each_block(int *a, int *b, int n) {
    atomicAdd_block(&b[32 * blockIdx.x + a[threadIdx.x]], 1);
}

// grid 2, block 32, n 64
extern "C" __global__ void flag_with_fences(int *a, int *b, int n) {
    volatile int *flag = b;
    if (threadIdx.x) return;
    if (blockIdx.x == 0) {
        b[1] = a[1];
        __threadfence();
        flag[0] = 1;
    } else {
        while (flag[0] == 0) {}
        __threadfence();
        b[2] = b[1];
    }
}

// grid 2, block 32, n 64
extern "C" __global__ void release_and_acquire(int *a, int *b, int n) {
    if (threadIdx.x) return;
    if (blockIdx.x == 0) {
        b[1] = a[1];
        asm volatile("st.release.gpu.global.u32 [%0], 1;" ::"l"(b) : "memory");
    } else {
        int seen = 0;
        while (!seen) asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(b) : "memory");
        b[2] = b[1];
    }
}

// grid 3, block 32, n 64
extern "C" __global__ void flag_handed_on(int *a, int *b, int n) {
    volatile int *flag = b;
    if (threadIdx.x) return;
    int k = blockIdx.x;
    if (k > 0) {
        while (flag[k] == 0) {}
        __threadfence();
    }
    b[10 + k] = k ? b[10] + a[k] : a[k];
    __threadfence();
    flag[k + 1] = 1;
}

// grid 1, block 64, n 64
extern "C" __global__ void flag_within_a_block(int *a, int *b, int n) {
    __shared__ int data;
    __shared__ volatile int flag;
    int t = threadIdx.x;
    if (t == 0) flag = 0;
    __syncthreads();
    if (t == 40) {
        data = a[3];
        __threadfence_block();
        flag = 1;
    }
    if (t == 0) {
        while (flag == 0) {}
        __threadfence_block();
        b[0] = data;
    }
}

// grid 1, block 64, n 64
extern "C" __global__ void one_barrier_for_each_half(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    s[t] = a[t];
    if (t < 32)
        asm volatile("bar.sync 1, 32;" ::: "memory");
    else
        asm volatile("bar.sync 2, 32;" ::: "memory");
    b[t] = s[t ^ 31];
}

// grid 1, block 64, n 64
extern "C" __global__ void producer_and_consumer(int *a, int *b, int n) {
    __shared__ int s[32];
    int t = threadIdx.x;
    for (int k = 0; k < 4; k++) {
        if (t < 32) {
            if (k) asm volatile("bar.sync 2, 64;" ::: "memory");
            s[t] = a[t] + k;
            asm volatile("bar.arrive 1, 64;" ::: "memory");
        } else {
            asm volatile("bar.sync 1, 64;" ::: "memory");
            b[t] += s[63 - t];
            if (k < 3) asm volatile("bar.arrive 2, 64;" ::: "memory");
        }
    }
}

// grid 1, block 64, n 64
extern "C" __global__ void barriers_match_by_number(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    if (t < 32) {
        s[t] = a[t];
        asm volatile("bar.sync 0; // first warp" ::: "memory");
        b[t] = s[t + 32];
    } else {
        s[t] = a[t] + 1;
        asm volatile("bar.sync 0; // second warp" ::: "memory");
        b[t] = s[t - 32];
    }
}

// grid 1, block 64, n 40
extern "C" __global__ void exits_before_the_barrier(int *a, int *b, int n) {
    __shared__ int s[64];
    int t = threadIdx.x;
    if (t >= n) return;
    s[t] = a[t];
    __syncthreads();
    b[t] = s[n - 1 - t];
}

// grid 1, block 64, n 64
extern "C" __global__ void leaves_the_loop_straight_to_the_exit(int *a, int *b, int n) {
    int t = threadIdx.x;
    for (int k = 0; k < t / 32 + 1; k++) {
        b[t] += a[k];
        __syncthreads();
    }
}

// grid 4, block 32, n 64
extern "C" __global__ void lock_of_a_block(int *a, int *b, int n) {
    if (threadIdx.x == 0) {
        while (atomicCAS(&b[0], 0, 1) != 0) {}
        __threadfence();
        b[1] += a[blockIdx.x];
        __threadfence();
        atomicExch(&b[0], 0);
    }
}

// grid 20, block 32, n 64
extern "C" __global__ void ticket_lock(int *a, int *b, int n) {
    volatile int *serving = b + 1;
    if (threadIdx.x == 0) {
        int mine = atomicAdd(&b[0], 1);
        while (serving[0] != mine) {}
        __threadfence();
        b[2] += 1;
        __threadfence();
        serving[0] = mine + 1;
    }
}

// grid 500, block 64, n 1024
extern "C" __global__ void blocks_one_after_another(int *a, int *b, int n) {
    volatile int *done = b;
    if (threadIdx.x == 0) {
        int k = blockIdx.x;
        if (k > 0) {
            while (done[k - 1] == 0) {}
            __threadfence();
        }
        b[512 + k] = k ? b[511 + k] + 1 : 1;
        __threadfence();
        done[k] = 1;
    }
}

// grid 600, block 256, n 64
extern "C" __global__ void all_resident_blocks_meet(int *a, int *b, int n) {
    volatile int *count = b;
    if (threadIdx.x == 0) {
        atomicAdd(b, 1);
        while (count[0] < gridDim.x) {}
    }
    __syncthreads();
}

// grid 1, block 64, n 64
extern "C" __global__ void lanes_of_a_mask_by_different_ways(int *a, int *b, int n) {
    int t = threadIdx.x, v = a[t];
    if (t % 32 < 8) {
        for (int k = 0; k < 200; k++) v = v * 5 % 97;
        v = __reduce_max_sync(0xff, v);
    } else if (t % 32 < 24) {
        v = __popc(__ballot_sync(0xffff00, v > 4));
    } else {
        v = __match_any_sync(0xff000000, v & 1);
    }
    b[t] = v;
}

// grid 1, block 48, n 48
extern "C" __global__ void the_mask_of_a_half_warp(int *a, int *b, int n) {
    int t = threadIdx.x, v = a[t];
    unsigned mask = t < 32 ? 0xffffffff : 0xffff;
    for (int k = 8; k > 0; k /= 2) v += __shfl_down_sync(mask, v, k, 16);
    if (t % 16 == 0) b[t / 16] = v;
}

// grid 1, block 64, n 64
extern "C" __global__ void warp_scan(int *a, int *b, int n) {
    int t = threadIdx.x, v = a[t];
    for (int k = 1; k < 32; k *= 2) {
        int below = __shfl_up_sync(0xffffffff, v, k);
        if (t % 32 >= k) v += below;
    }
    b[t] = v;
}

// grid 1, block 64, n 64
extern "C" __global__ void aggregated_counter(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (a[t] > 3) {
        unsigned mask = __activemask();
        int leader = __ffs(mask) - 1, place = 0;
        if (t % 32 == leader) place = atomicAdd(b, __popc(mask));
        place = __shfl_sync(mask, place, leader) + __popc(mask & ((1u << t % 32) - 1));
        b[1 + place] = a[t];
    }
}

// grid 1, block 32, n 32
extern "C" __global__ void what_no_lane_gave_is_not_chosen(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (t >= 24) return;
    int next = __shfl_down_sync(0xffffff, a[t], 1);
    b[t] = t < 23 ? next : 0;
}

// grid 600, block 128, n 76800
extern "C" __global__ void grid_group_of_many_blocks(int *a, int *b, int n) {
    cg::grid_group grid = cg::this_grid();
    int i = grid.thread_rank();
    b[i] = a[i];
    grid.sync();
    a[i] = b[n - 1 - i];
}

// grid 3, block 64, n 192
extern "C" __global__ void groups_of_a_block(int *a, int *b, int n) {
    __shared__ int s[64];
    cg::thread_block block = cg::this_thread_block();
    auto tile = cg::tiled_partition<16>(block);
    int t = block.thread_rank(), v = a[blockIdx.x * 64 + t];
    for (int k = tile.size() / 2; k > 0; k /= 2) v += tile.shfl_down(v, k);
    if (tile.thread_rank() == 0) s[t / 16] = v;
    block.sync();
    if (t < 4) b[blockIdx.x * 4 + t] = s[3 - t];
    tile.sync();
    if (tile.any(v > 100)) atomicAdd(&b[32 + t], 1);
}

// grid 1, block 64, n 64
extern "C" __global__ void coalesced_group(int *a, int *b, int n) {
    int t = threadIdx.x;
    if (a[t] > 4) {
        cg::coalesced_group active = cg::coalesced_threads();
        int v = active.shfl(a[t], 0);
        if (active.thread_rank() == 0) atomicAdd(b, active.size() + 0 * v);
    }
}
