spots_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void spots(const unsigned short* counts, float* report, int n, int height, int width) {
  int image = blockIdx.x * blockDim.x + threadIdx.x;
  if (image >= n) return;
  const unsigned short* pixels = counts + image * height * width;
  int low = 65535, high = 0;
  for (int i = 0; i < height * width; i++) {
    int value = pixels[i];
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  int threshold = (low + high) / 2;
  int number = 0, rows = 0, columns = 0;
  for (int i = 0; i < height * width; i++) {
    if (pixels[i] > threshold) {
      number += 1;
      rows += i / width;
      columns += i % width;
    }
  }
  report[4 * image] = threshold;
  report[4 * image + 1] = number;
  report[4 * image + 2] = number ? (float)rows / number : -1.0f;
  report[4 * image + 3] = number ? (float)columns / number : -1.0f;
}
""",
    "spots",
)


def hot_spots(counts):
    n, height, width = counts.shape
    report = cp.empty((n, 4), cp.float32)
    if n:
        sizes = (np.int32(n), np.int32(height), np.int32(width))
        spots_kernel(((n + 31) // 32,), (32,), (counts, report, *sizes))
    return report
