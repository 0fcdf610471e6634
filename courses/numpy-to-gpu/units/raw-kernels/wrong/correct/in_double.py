# finding: wrong-type
correct_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void correct(const float* drift, double factor, double* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] += factor * drift[i];
}
""",
    "correct",
)


def correct(signal, drift, factor, count):
    result = signal.astype(cp.float64)
    if count:
        correct_kernel((-(-count // 256),), (256,), (drift, factor, result, np.int32(count)))
    return result
