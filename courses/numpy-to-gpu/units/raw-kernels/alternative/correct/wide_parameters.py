add_drift = cp.RawKernel(
    r"""
extern "C" __global__ void add_drift(float* out, const float* drift, double factor, long long n) {
  const long long step = (long long)gridDim.x * blockDim.x;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {
    out[i] += (float)factor * drift[i];
  }
}
""",
    "add_drift",
)


def correct(signal, drift, factor, count):
    result = signal.copy()
    add_drift((2,), (128,), (result, drift, factor, count))
    return result
