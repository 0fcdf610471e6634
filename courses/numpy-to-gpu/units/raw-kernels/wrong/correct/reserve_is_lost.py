# finding: wrong-result
correct_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void correct(const float* signal, const float* drift, float factor, float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = signal[i] + factor * drift[i];
}
""",
    "correct",
)


def correct(signal, drift, factor, count):
    result = cp.zeros_like(signal)
    if count:
        arguments = (signal, drift, np.float32(factor), result, np.int32(count))
        correct_kernel((-(-count // 256),), (256,), arguments)
    return result
