# finding: wrong-result
smooth_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void smooth(const float* in, float* out, int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int left = max(x - 1, 0), right = min(x + 1, width - 1);
  int above = max(y - 1, 0), below = min(y + 1, height - 1);
  float around = in[y + height * left] + in[y + height * right] + in[x * height + above] + in[x * height + below];
  out[x * height + y] = (4.0f * in[x * height + y] + around) / 8.0f;
}
""",
    "smooth",
)


def smooth(buffer, height):
    result = buffer.copy()
    width = buffer.shape[1]
    grid = (-(-width // 32), -(-height // 8))
    smooth_kernel(grid, (32, 8), (buffer, result, np.int32(height), np.int32(width)))
    return result
