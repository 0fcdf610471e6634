code = r"""
__device__ float pixel(const float* image, int row, int col, int height, int width) {
  row = row < 0 ? 0 : row >= height ? height - 1 : row;
  col = col < 0 ? 0 : col >= width ? width - 1 : col;
  return image[row * width + col];
}
extern "C" __global__ void stencil(float* out, const float* image, const int height, const int width) {
  for (int row = blockIdx.y * blockDim.y + threadIdx.y; row < height; row += gridDim.y * blockDim.y)
    for (int col = blockIdx.x * blockDim.x + threadIdx.x; col < width; col += gridDim.x * blockDim.x) {
      float sum = 0;
      for (int step = -1; step <= 1; step += 2)
        sum += pixel(image, row + step, col, height, width) + pixel(image, row, col + step, height, width);
      out[row * width + col] = 0.5f * image[row * width + col] + 0.125f * sum;
    }
}
"""
stencil = cp.RawKernel(code, "stencil", options=("-std=c++17",))


def smooth(buffer, height):
    result = cp.array(buffer)
    stencil((3, 5), (16, 16), (result, buffer, np.int32(height), np.int32(buffer.shape[1])))
    return result
