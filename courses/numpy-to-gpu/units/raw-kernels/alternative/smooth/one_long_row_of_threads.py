five_points = cp.RawKernel(
    r"""
extern "C" __global__ void five_points(const float* image, float* out, long long rows, long long width, long long all) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= all) return;
  float centre = image[i];
  long long row = i / width, col = i - row * width;
  if (row >= rows) {
    out[i] = centre;
    return;
  }
  float sum = 4 * centre;
  sum += row > 0 ? image[i - width] : centre;
  sum += row + 1 < rows ? image[i + width] : centre;
  sum += col > 0 ? image[i - 1] : centre;
  sum += col + 1 < width ? image[i + 1] : centre;
  out[i] = sum * 0.125f;
}
""",
    "five_points",
)


def smooth(buffer, height):
    out = cp.empty_like(buffer)
    five_points(((buffer.size + 127) // 128,), (128,), (buffer, out, height, buffer.shape[1], buffer.size))
    return out
