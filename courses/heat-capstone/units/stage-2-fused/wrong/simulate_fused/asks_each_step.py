# finding: host-fallback
step_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void step(const float* now, const float* right, const float* down, float rate, float* out,
                                int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int i = y * width + x;
  float heat = now[i], change = 0.0f;
  if (x > 0) change += right[y * (width - 1) + x - 1] * (now[i - 1] - heat);
  if (x + 1 < width) change += right[y * (width - 1) + x] * (now[i + 1] - heat);
  if (y > 0) change += down[i - width] * (now[i - width] - heat);
  if (y + 1 < height) change += down[i] * (now[i + width] - heat);
  out[i] = heat + rate * change;
}
""",
    "step",
)


def simulate_fused(temps, right, down, rate, steps):
    now, new = temps.copy(), cp.empty_like(temps)
    height, width = temps.shape
    grid = (-(-width // 32), -(-height // 8))
    for _ in range(steps):
        step_kernel(grid, (32, 8), (now, right, down, np.float32(rate), new, np.int32(height), np.int32(width)))
        now, new = new, now
        if not cp.isfinite(now[0, 0]):
            break
    return now
