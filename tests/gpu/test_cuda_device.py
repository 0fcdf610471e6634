"""The emulated GPU and a real one leave the same bytes behind, from the same PTX."""

import numpy as np
import pytest
from numba import cuda, float32, int32, types

from grader.device.cuda import CudaDevice, available
from grader.device.emulated import EmulatedDevice
from grader.device.interface import DeviceError, Launch, Pointer

pytestmark = pytest.mark.gpu


def array_arguments(buffer, array):
    """numba's parameters for a contiguous array in launch buffer number `buffer`."""

    def word(number):
        return int(number).to_bytes(8, "little")

    shape = [word(n) for n in array.shape]
    strides = [word(n) for n in array.strides]
    pointer = Pointer(buffer, 0, 0, array.nbytes)
    return [bytes(8), bytes(8), word(array.size), word(array.itemsize), pointer, *shape, *strides]


def launch_of(gpu, function, signature, grid, block, arrays, scalars=()):
    ptx, _ = cuda.compile_ptx(function, signature, cc=gpu.compute_capability, lineinfo=True)
    entry = next(line for line in ptx.splitlines() if ".entry" in line).split(".entry")[1].strip(" (")
    parameters = [part for number, array in enumerate(arrays) for part in array_arguments(number, array)]
    return Launch(
        ptx=ptx,
        entry=entry,
        grid=grid,
        block=block,
        parameters=(*parameters, *scalars),
        buffers=tuple(array.reshape(-1).view(np.uint8) for array in arrays),
        initialised=(True,) * len(arrays),
    )


def saxpy(x, y, out, a):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = a * x[i] + y[i]


def histogram(values, bins):
    start, step = cuda.grid(1), cuda.gridsize(1)
    for i in range(start, values.size, step):
        cuda.atomic.add(bins, values[i], 1)


def block_sum(x, out):
    shared = cuda.shared.array(128, float32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    shared[t] = x[i] if i < x.size else 0.0
    cuda.syncthreads()
    half = 64
    while half > 0:
        if t < half:
            shared[t] += shared[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        out[cuda.blockIdx.x] = shared[0]


def transpose(a, out):
    tile = cuda.shared.array((16, 17), int32)
    x, y = cuda.grid(2)
    if y < a.shape[0] and x < a.shape[1]:
        tile[cuda.threadIdx.y, cuda.threadIdx.x] = a[y, x]
    cuda.syncthreads()
    row = cuda.blockIdx.x * 16 + cuda.threadIdx.y
    column = cuda.blockIdx.y * 16 + cuda.threadIdx.x
    if row < out.shape[0] and column < out.shape[1]:
        out[row, column] = tile[cuda.threadIdx.x, cuda.threadIdx.y]


def cases():
    rng = np.random.default_rng(7)
    f = types.float32[::1]
    i = types.int32[::1]
    n = 1000
    x, y = rng.random(n, dtype="f4"), rng.random(n, dtype="f4")
    values = rng.integers(0, 17, 5000).astype("i4")
    matrix = rng.integers(0, 99, (37, 53)).astype("i4")
    two = types.int32[:, ::1]
    scalar = np.float32(2.5).tobytes()
    return {
        "saxpy": (saxpy, (f, f, f, types.float32), (4, 1, 1), (256, 1, 1), [x, y, np.zeros(n, "f4")], (scalar,)),
        "histogram": (histogram, (i, i), (8, 1, 1), (128, 1, 1), [values, np.zeros(17, "i4")], ()),
        "block sum": (block_sum, (f, f), (8, 1, 1), (128, 1, 1), [x, np.zeros(8, "f4")], ()),
        "transpose": (transpose, (two, two), (4, 3, 1), (16, 16, 1), [matrix, np.zeros((53, 37), "i4")], ()),
    }


@pytest.mark.parametrize("name", ["saxpy", "histogram", "block sum", "transpose"])
def test_both_devices_leave_the_same_bytes(gpu, name):
    launch = launch_of(gpu, *cases()[name])
    real, emulated = gpu.launch(launch), EmulatedDevice(gpu.compute_capability).launch(launch)
    assert [finding.kind for finding in real.findings] == []
    assert [finding.kind for finding in emulated.findings if finding.severity == "error"] == []
    for left, right in zip(real.buffers, emulated.buffers, strict=True):
        assert np.array_equal(left, right)
    assert real.seconds > 0


def test_the_gpu_names_itself(gpu):
    assert gpu.name == f"cuda:{available()}"


def test_what_the_gpu_refuses_is_a_finding(gpu):
    launch = launch_of(gpu, *cases()["saxpy"])
    wide = Launch(**{**launch.__dict__, "block": (2000, 1, 1)})
    assert [finding.kind for finding in gpu.launch(wide).findings] == ["launch"]
    broken = Launch(**{**launch.__dict__, "ptx": launch.ptx.replace("ld.global", "ld.nowhere")})
    assert [finding.kind for finding in gpu.launch(broken).findings] == ["unsupported"]


def test_a_closed_device_says_so():
    device = CudaDevice()
    device.close()
    with pytest.raises(DeviceError, match="closed"):
        device.launch(Launch("", "", (1, 1, 1), (1, 1, 1), (), ()))
