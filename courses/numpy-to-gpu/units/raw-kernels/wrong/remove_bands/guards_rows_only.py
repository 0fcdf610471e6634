# finding: wrong-result
bands_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void bands(const float* in, const float* offsets, float scale, float* out,
                                 int height, int width) {
  int col = blockIdx.x * blockDim.x + threadIdx.x;
  int row = blockIdx.y * blockDim.y + threadIdx.y;
  if (row < height) {
    out[row * width + col] = fmaxf(scale * (in[row * width + col] - offsets[row]), 0.0f);
  }
}
""",
    "bands",
)


def remove_bands(pairs, offsets, channel, scale):
    exposure = cp.ascontiguousarray(pairs[:, :, channel])
    height, width = exposure.shape
    out = cp.empty((height, width), cp.float32)
    grid = (-(-width // 32), -(-height // 8))
    numbers = np.int32(height), np.int32(width)
    bands_kernel(grid, (32, 8), (exposure, offsets, np.float32(scale), out, *numbers))
    return out
