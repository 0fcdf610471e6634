# finding: exception
correct_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void correct(const float* drift, float factor, float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] += factor * drift[i];
}
""",
    "correct",
)


def correct(signal, drift, factor, count):
    result = signal.copy()
    if count:
        blocks = -(-count // 256)
        correct_kernel((blocks,), (256,), (drift, factor, result, np.int32(count)))
    return result
