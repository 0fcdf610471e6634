row_kernel = cp.RawKernel(
    r"""
extern "C" __global__ void row_of(const float* in, const float* offsets, float scale, float* out, int width) {
  const float offset = offsets[blockIdx.x];
  const size_t first = (size_t)blockIdx.x * width;
  for (int col = threadIdx.x; col < width; col += blockDim.x)
    out[first + col] = max(scale * (in[first + col] - offset), 0.f);
}
""",
    "row_of",
)


def remove_bands(pairs, offsets, channel, scale):
    exposure = pairs[..., channel].copy()
    out = cp.empty_like(exposure)
    arguments = (exposure, offsets, cp.float32(scale), out, cp.int32(exposure.shape[1]))
    row_kernel((len(exposure),), (64,), arguments)
    return out
