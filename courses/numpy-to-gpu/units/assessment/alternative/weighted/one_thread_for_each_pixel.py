weighted_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void weighted(float* out, const unsigned short* counts, const float* gain, const float* offset,
                                    int n, int height, int width, float low, float scale) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int pixel = y * width + x;
  for (int image = 0; image < n; image++) {
    int i = image * height * width + pixel;
    float t = gain[i] * counts[i] + offset[i];
    float weight = (t - low) * scale;
    if (weight <= 0.0f) out[i] = 0.0f;
    else out[i] = weight < 1.0f ? t * weight : t;
  }
}
""",
    "weighted",
)


def weighted(counts, gain, offset, low, high):
    n, height, width = counts.shape
    out = cp.empty(counts.shape, cp.float32)
    sizes = (np.int32(n), np.int32(height), np.int32(width))
    grid = (-(-width // 16), -(-height // 8))
    numbers = (np.float32(low), np.float32(1 / (high - low)))
    weighted_kernel(grid, (16, 8), (out, counts, gain, offset, *sizes, *numbers))
    return out
