"""The hidden half of the checks: other plates, and messages that do not name them. Code: Apache-2.0."""

import checks
import cupy as cp
import numpy as np

RUNS = ((1, 1, 3), (1, 66, 2), (33, 1, 3), (17, 9, 5), (8, 40, 2), (5, 5, 0))
#: (height, width, steps) where there is a GPU: long enough that the way of the arrays to it hardly counts.
TIMED = (512, 768, 200)
#: Starting values, not calibrated on a GPU yet: the share of the model solution's speed.
BANDS = {0.6: 2, 0.3: 1}

_step = cp.RawKernel(
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


def model(temps, right, down, rate, steps):
    now, new = temps.copy(), cp.empty_like(temps)
    height, width = temps.shape
    grid = (-(-width // 32), -(-height // 8))
    for _ in range(steps):
        _step(grid, (32, 8), (now, right, down, np.float32(rate), new, np.int32(height), np.int32(width)))
        now, new = new, now
    return now


def simulate_fused(function):
    return checks.simulate_fused(function, RUNS, hidden=True, timed=(TIMED, model, BANDS))


def simulate_mapped(function):
    return checks.simulate_mapped(function, RUNS, hidden=True)
