module = cp.RawModule(
    code=r"""
extern "C" __global__ void pass_through(const float* x, const float* d, float f, float* y, unsigned n, unsigned all) {
  unsigned i = blockDim.x * blockIdx.x + threadIdx.x;
  if (i >= all) return;
  y[i] = i < n ? fmaf(f, d[i], x[i]) : x[i];
}
"""
)


def correct(signal, drift, factor, count):
    result = cp.empty(signal.shape, cp.float32)
    kernel = module.get_function("pass_through")
    numbers = np.array([count, signal.size], dtype=np.uint32)
    kernel(((signal.size + 63) // 64,), (64,), (signal, drift, np.float32(factor), result, *numbers))
    return result
