# finding: wrong-result
weighted_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void weighted(const unsigned short* counts, const float* gain, const float* offset, float low,
                                    float high, float* out, int pixels, int total) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < total) {
    int pixel = i % pixels;
    float t = gain[pixel] * counts[i] + offset[pixel];
    float weight = (t - low) / (high - low);
    out[i] = t * fminf(fmaxf(weight, 0.0f), 1.0f);
  }
}
""",
    "weighted",
)


def weighted(counts, gain, offset, low, high):
    out = cp.empty(counts.shape, cp.float32)
    if counts.size:
        blocks = (counts.size + 127) // 128
        numbers = (np.float32(low), np.float32(high), out, np.int32(gain[0].size), np.int32(counts.size))
        weighted_kernel((blocks,), (128,), (counts, gain, offset, *numbers))
    return out
