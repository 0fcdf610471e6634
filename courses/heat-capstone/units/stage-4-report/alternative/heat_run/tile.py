tiled = cp.RawKernel(
    r"""
#define W 32
#define H 8
extern "C" __global__ void tiled(float* to, const float* from, const unsigned char* map, const float* table, float bath,
                                 float rate, int rows, int columns) {
  __shared__ float heat[H + 2][W + 2], lead[H + 2][W + 2];
  const int top = blockIdx.y * H - 1, left = blockIdx.x * W - 1;
  for (int p = threadIdx.y * W + threadIdx.x; p < (H + 2) * (W + 2); p += W * H) {
    const int r = p / (W + 2), c = p % (W + 2), y = top + r, x = left + c;
    const bool inside = y >= 0 && x >= 0 && y < rows && x < columns;
    heat[r][c] = inside ? from[y * columns + x] : bath;
    lead[r][c] = inside ? table[map[y * columns + x]] : 0.f;
  }
  __syncthreads();
  const int r = threadIdx.y + 1, c = threadIdx.x + 1, y = top + r, x = left + c;
  if (y >= rows || x >= columns) return;
  const int dr[] = {0, 0, 1, -1}, dc[] = {1, -1, 0, 0};
  float sum = 0;
  for (int side = 0; side < 4; ++side) {
    const float a = lead[r][c], b = lead[r + dr[side]][c + dc[side]];
    const float k = x == 0 && dc[side] < 0 ? 2 * a : a * b == 0 ? 0 : 2 * a * b / (a + b);
    sum += k * (heat[r + dr[side]][c + dc[side]] - heat[r][c]);
  }
  to[y * columns + x] = heat[r][c] + rate * sum;
}
""",
    "tiled",
)


def heat_run(temps, material, table, bath, rate, steps):
    rows, columns = temps.shape
    buffers = [temps.copy(), cp.empty(temps.shape, temps.dtype)]
    scalars = (np.float32(bath), np.float32(rate), np.int32(rows), np.int32(columns))
    for step in range(steps):
        old, new = buffers[step % 2], buffers[(step + 1) % 2]
        tiled(((columns + 31) // 32, (rows + 7) // 8), (32, 8), (new, old, material, table, *scalars))
    return buffers[steps % 2]
