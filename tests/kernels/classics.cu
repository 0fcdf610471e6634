// Kernels that courses and books on GPUs teach, right ones and their usual faults.
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

// grid 8, block 64, n 512
extern "C" __global__ void scan_that_looks_back(int *a, int *b, int n) {
    // state of each block: 0 nothing yet, 1 its own sum, 2 the sum up to it
    static __device__ int state[8], own[8], all[8];
    __shared__ int s[64], before;
    int t = threadIdx.x, k = blockIdx.x, i = 64 * k + t;
    volatile int *flag = state;
    s[t] = a[i];
    __syncthreads();
    for (int step = 1; step < 64; step *= 2) {
        int more = t >= step ? s[t - step] : 0;
        __syncthreads();
        s[t] += more;
        __syncthreads();
    }
    if (t == 0) {
        own[k] = s[63];
        if (k == 0) all[0] = s[63];
        __threadfence();
        flag[k] = k == 0 ? 2 : 1;
        int sum = 0;
        for (int j = k - 1; j >= 0; j--) {
            int seen;
            while ((seen = flag[j]) == 0) {}
            __threadfence();
            if (seen == 2) {
                sum += all[j];
                break;
            }
            sum += own[j];
        }
        before = sum;
        if (k > 0) {
            all[k] = sum + s[63];
            __threadfence();
            flag[k] = 2;
        }
    }
    __syncthreads();
    b[i] = before + s[t];
}

// grid 8, block 64, n 512
extern "C" __global__ void scan_that_looks_back_without_fences(int *a, int *b, int n) {
    static __device__ int state[8], all[8];
    int t = threadIdx.x, k = blockIdx.x;
    volatile int *flag = state;
    if (t == 0) {
        int sum = a[64 * k];
        if (k > 0) {
            while (flag[k - 1] == 0) {}
            sum += all[k - 1];  // race
        }
        all[k] = sum;  // race
        flag[k] = 1;
        b[64 * k] = sum;
    }
}

// grid 4, block 128, n 512
extern "C" __global__ void scan_of_a_block_by_warps(int *a, int *b, int n) {
    __shared__ int sums[4];
    int t = threadIdx.x, lane = t % 32, warp = t / 32, i = blockIdx.x * 128 + t, v = a[i];
    for (int k = 1; k < 32; k *= 2) {
        int below = __shfl_up_sync(0xffffffff, v, k);
        if (lane >= k) v += below;
    }
    if (lane == 31) sums[warp] = v;
    __syncthreads();
    for (int w = 0; w < warp; w++) v += sums[w];
    b[i] = v;
}

// grid 4, block 128, n 512
extern "C" __global__ void scan_of_a_block_by_warps_that_do_not_wait(int *a, int *b, int n) {
    __shared__ int sums[4];
    int t = threadIdx.x, lane = t % 32, warp = t / 32, i = blockIdx.x * 128 + t, v = a[i];
    for (int k = 1; k < 32; k *= 2) {
        int below = __shfl_up_sync(0xffffffff, v, k);
        if (lane >= k) v += below;
    }
    if (lane == 31) sums[warp] = v;  // race
    __syncwarp();
    for (int w = 0; w < warp; w++) v += sums[w];  // race
    b[i] = v;
}

// grid 4, block 64, n 256
extern "C" __global__ void bitonic_sort_of_the_grid(int *a, int *b, int n) {
    cg::grid_group grid = cg::this_grid();
    int i = grid.thread_rank();
    b[i] = a[i];
    grid.sync();
    for (int k = 2; k <= n; k *= 2)
        for (int j = k / 2; j > 0; j /= 2) {
            int other = i ^ j;
            if (other > i) {
                int x = b[i], y = b[other];
                if ((x > y) == ((i & k) == 0)) {
                    b[i] = y;
                    b[other] = x;
                }
            }
            grid.sync();
        }
}

// grid 4, block 64, n 256
extern "C" __global__ void bitonic_sort_of_the_grid_by_blocks(int *a, int *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    b[i] = a[i];  // race
    __syncthreads();
    int other = i ^ 128;
    if (other > i) {
        int x = b[i], y = b[other];  // race
        if (x > y) {
            b[i] = y;
            b[other] = x;  // race
        }
    }
}

// grid 1, block 256, n 1024
extern "C" __global__ void transpose_in_a_padded_tile(int *a, int *b, int n) {
    __shared__ int tile[32][33];
    int x = threadIdx.x % 32, y = threadIdx.x / 32;
    for (int k = 0; k < 32; k += 8) tile[y + k][x] = a[32 * (y + k) + x];
    __syncthreads();
    for (int k = 0; k < 32; k += 8) b[32 * (y + k) + x] = tile[x][y + k];
}

// grid 1, block 256, n 1024
extern "C" __global__ void transpose_in_a_tile(int *a, int *b, int n) {
    __shared__ int tile[32][32];
    int x = threadIdx.x % 32, y = threadIdx.x / 32;
    for (int k = 0; k < 32; k += 8) tile[y + k][x] = a[32 * (y + k) + x];
    __syncthreads();
    for (int k = 0; k < 32; k += 8) b[32 * (y + k) + x] = tile[x][y + k];  // bank-conflict
}

// grid 4, block 256, n 1024
extern "C" __global__ void tiled_matrix_product(int *a, int *b, int n) {
    __shared__ int left[16][16], right[16][16];
    int x = threadIdx.x % 16, y = threadIdx.x / 16, total = 0;
    int row = blockIdx.x / 2 * 16 + y, column = blockIdx.x % 2 * 16 + x;
    for (int k = 0; k < 32; k += 16) {
        left[y][x] = a[32 * row + k + x];
        right[y][x] = a[32 * (k + y) + column];
        __syncthreads();
        for (int j = 0; j < 16; j++) total += left[y][j] * right[j][x];
        __syncthreads();
    }
    b[32 * row + column] = total;
}

// grid 4, block 256, n 1024
extern "C" __global__ void tiled_matrix_product_without_the_first_barrier(int *a, int *b, int n) {
    __shared__ int left[16][16], right[16][16];
    int x = threadIdx.x % 16, y = threadIdx.x / 16, total = 0;
    int row = blockIdx.x / 2 * 16 + y, column = blockIdx.x % 2 * 16 + x;
    for (int k = 0; k < 32; k += 16) {
        left[y][x] = a[32 * row + k + x];  // race
        right[y][x] = a[32 * (k + y) + column];  // race
        for (int j = 0; j < 16; j++) total += left[y][j] * right[j][x];  // race
        __syncthreads();
    }
    b[32 * row + column] = total;
}

// grid 2, block 128, n 256
extern "C" __global__ void sum_by_tiles(int *a, int *b, int n) {
    __shared__ int parts[4];
    cg::thread_block block = cg::this_thread_block();
    cg::thread_block_tile<32> tile = cg::tiled_partition<32>(block);
    int v = a[blockIdx.x * blockDim.x + threadIdx.x];
    for (int k = 16; k > 0; k /= 2) v += tile.shfl_xor(v, k);
    if (tile.thread_rank() == 0) parts[threadIdx.x / 32] = v;
    block.sync();
    if (block.thread_rank() == 0) atomicAdd(b, parts[0] + parts[1] + parts[2] + parts[3]);
}

// grid 2, block 32, n 64
extern "C" __global__ void ring_between_two_blocks(int *a, int *b, int n) {
    static __device__ int ring[4];
    static __device__ volatile int made, used;
    if (threadIdx.x) return;
    if (blockIdx.x == 0) {
        for (int k = 0; k < n; k++) {
            while (k - used >= 4) {}
            __threadfence();
            ring[k % 4] = a[k];
            __threadfence();
            made = k + 1;
        }
    } else {
        for (int k = 0; k < n; k++) {
            while (made <= k) {}
            __threadfence();
            b[k] = ring[k % 4];
            __threadfence();
            used = k + 1;
        }
    }
}

// grid 2, block 32, n 1500
extern "C" __global__ void ring_that_is_filled_again_too_early(int *a, int *b, int n) {
    static __device__ int ring[4];
    static __device__ volatile int made;
    if (threadIdx.x) return;
    if (blockIdx.x == 0) {
        for (int k = 0; k < n; k++) {
            ring[k % 4] = a[k];  // race
            __threadfence();
            made = k + 1;
        }
    } else {
        for (int k = 0; k < n; k++) {
            while (made <= k) {}
            __threadfence();
            b[k] = ring[k % 4];  // race
        }
    }
}

// grid 3, block 64, n 300
extern "C" __global__ void histogram_of_each_block(int *a, int *b, int n) {
    __shared__ int own[16];
    int t = threadIdx.x;
    if (t < 16) own[t] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + t; i < n; i += gridDim.x * blockDim.x) atomicAdd(&own[a[i]], 1);
    __syncthreads();
    if (t < 16 && own[t]) atomicAdd(&b[t], own[t]);
}

// grid 3, block 64, n 300
extern "C" __global__ void histogram_that_is_never_cleared(int *a, int *b, int n) {
    __shared__ int own[16];
    int t = threadIdx.x;
    for (int i = blockIdx.x * blockDim.x + t; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&own[a[i]], 1);  // uninitialised
    __syncthreads();
    if (t < 11 && own[t]) atomicAdd(&b[t], own[t]);
}

// grid 4, block 32, n 500
extern "C" __global__ void work_is_fetched_from_a_counter(int *a, int *b, int n) {
    static __device__ int next;
    while (true) {
        int item = atomicAdd(&next, 1);
        if (item >= n) return;
        b[item] = a[item] * 2;
    }
}

// grid 4, block 32, n 500
extern "C" __global__ void work_is_fetched_without_an_atomic(int *a, int *b, int n) {
    static __device__ int next;
    for (int turn = 0; turn < 3; turn++) {
        int item = next;  // race
        next = item + 1;  // race
        if (item < n) b[item] = a[item] * 2;  // same-value
    }
}

// grid 4, block 256, n 1024
extern "C" __global__ void life_in_tiles_with_halo(int *a, int *b, int n) {
    __shared__ int s[10][34];
    int y0 = blockIdx.x * 8;
    for (int i = threadIdx.x; i < 10 * 34; i += 256) {
        int x = (i % 34 + 31) % 32, y = (y0 + i / 34 + 31) % 32;
        s[i / 34][i % 34] = a[32 * y + x] & 1;
    }
    __syncthreads();
    int x = threadIdx.x % 32, y = threadIdx.x / 32, alive = -s[y + 1][x + 1];
    for (int dy = 0; dy < 3; dy++)
        for (int dx = 0; dx < 3; dx++) alive += s[y + dy][x + dx];
    b[32 * (y0 + y) + x] = alive == 3 || (alive == 2 && s[y + 1][x + 1]);
}

// grid 8, block 32, n 256
extern "C" __global__ void a_barrier_of_the_grid_made_by_hand(int *a, int *b, int n) {
    static __device__ int arrived;
    static __device__ volatile int phase;
    int i = blockIdx.x * blockDim.x + threadIdx.x, from = a[n - 1 - i];
    for (int turn = 0; turn < 4; turn++) {
        if (turn % 2)
            from = b[n - 1 - i] + 1;
        else
            b[i] = from;
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            if (atomicAdd(&arrived, 1) == gridDim.x - 1) {
                atomicExch(&arrived, 0);
                __threadfence();
                phase = turn + 1;
            }
            while (phase <= turn) {}
            __threadfence();
        }
        __syncthreads();
    }
    b[i] = from;
}
