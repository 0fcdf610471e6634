"""`numba.cuda` without a driver: its own compiler, its own host API, and the heap in the driver's place.

numba-cuda reaches a GPU through one object, `numba.cuda.cudadrv.driver.driver`, whose methods are the functions of
CUDA's driver API. That object is the seam. Written against numba-cuda 0.30; patched are, and only while installed:

* the class of that object: `EmulatedDriver` answers memory, streams, events and contexts from the heap;
* `dispatcher._Kernel`: `EmulatedKernel` compiles as ever, always with line information and without link-time
  optimisation, and launches the PTX on the heap;
* `CUDADispatcher.__init__` and `.enable_caching`: device functions get line information too, and no compiled kernel
  is written to or read from a file;
* the search for a kernel's first line, which stopped at some lambdas.

Everything else (typing errors, `to_device`, device arrays and their slices, `forall`, `vectorize`, `reduce`, the
warning about host arrays) is numba-cuda's own code. What the driver object does not answer raises NotImplementedError
with the driver function's name. Times of events are those of the heap's modelled timeline, which measures no GPU.
Imports `grader.device` only.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import functools
import inspect
import itertools
import os
import re
import threading
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba.cuda.cudadrv.devicearray
import numba.cuda.cudadrv.devices
import numba.cuda.cudadrv.driver
import numba.cuda.dispatcher
import numba.cuda.misc.firstlinefinder
import numpy as np
from cuda.bindings import driver as binding
from numba.cuda.args import ArgHint, In, InOut, Out

from grader.device import assembler
from grader.device.emulated import ptx_text
from grader.device.emulated.ptx import parse
from grader.device.frontends import nvrtc, pinned, report
from grader.device.frontends.report import Reporter, Show
from grader.device.heap import Argument, Heap, HeapError, LocalHeap, OutOfDeviceMemory, View
from grader.device.interface import Finding, Language

# numba-cuda's annotations do not describe what is patched and called here.
dispatcher: Any = numba.cuda.dispatcher
types: Any = numba.cuda.types
devicearray: Any = numba.cuda.cudadrv.devicearray
devices: Any = numba.cuda.cudadrv.devices
drv: Any = numba.cuda.cudadrv.driver
firstlinefinder: Any = numba.cuda.misc.firstlinefinder

DEVICE_NAME = "Lehrwerk emulated GPU"
_CONTEXT = 1
#: Handles of streams and events. An even number is a stream that waits for the null stream.
_numbers = itertools.count(0x1000, 2)
#: Findings after which memory does not hold what the kernel should have left: the launch raises.
FATAL = frozenset({"launch", "unsupported", "compile", "residency", "step-limit", "trap"})


@dataclass(frozen=True)
class DeviceModel:
    """What device queries answer. `attributes` are CUDA's names without CU_DEVICE_ATTRIBUTE_."""

    name: str = DEVICE_NAME
    attributes: dict[str, int] = field(
        default_factory=lambda: {
            "MAX_THREADS_PER_BLOCK": 1024,
            "MAX_BLOCK_DIM_X": 1024,
            "MAX_BLOCK_DIM_Y": 1024,
            "MAX_BLOCK_DIM_Z": 64,
            "MAX_GRID_DIM_X": 2**31 - 1,
            "MAX_GRID_DIM_Y": 65535,
            "MAX_GRID_DIM_Z": 65535,
            "MAX_SHARED_MEMORY_PER_BLOCK": 48 << 10,
            "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN": 227 << 10,
            "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR": 228 << 10,
            "MAX_REGISTERS_PER_BLOCK": 65536,
            "MAX_REGISTERS_PER_MULTIPROCESSOR": 65536,
            "MAX_THREADS_PER_MULTIPROCESSOR": 2048,
            "MAX_BLOCKS_PER_MULTIPROCESSOR": 32,
            "MULTIPROCESSOR_COUNT": 4,
            "WARP_SIZE": 32,
            "TOTAL_CONSTANT_MEMORY": 64 << 10,
            "COOPERATIVE_LAUNCH": 1,
            "CAN_MAP_HOST_MEMORY": 1,
            "UNIFIED_ADDRESSING": 1,
            "KERNEL_EXEC_TIMEOUT": 0,
            "TCC_DRIVER": 0,
            "SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO": 2,
            "PCI_DOMAIN_ID": 0,
            "PCI_BUS_ID": 0,
            "PCI_DEVICE_ID": 0,
            "COMPUTE_MODE": 0,
            "CONCURRENT_KERNELS": 0,
            "INTEGRATED": 0,
        }
    )


class LaunchFailure(drv.CudaAPIError):
    """A launch that left nothing to go on with; the text says why, in the learner's language."""

    def __str__(self) -> str:
        return str(self.msg)


class EmulatedStream(drv.Stream):
    """A stream whose results are there when a call returns."""

    def add_callback(self, callback: Any, arg: Any = None) -> None:
        callback(self, 0, arg)


class EmulatedContext(drv.Context):
    """The one context. What it hands out goes back to the heap it came from, whatever is installed by then."""

    def memalloc(self, bytesize: int) -> Any:
        try:
            address = drv.driver.heap.alloc(int(bytesize))
        except OutOfDeviceMemory as error:
            raise drv.CudaAPIError(int(binding.CUresult.CUDA_ERROR_OUT_OF_MEMORY), str(error)) from None
        return self.own(address, int(bytesize))

    def own(self, address: int, bytesize: int) -> Any:
        """A pointer to an allocation that goes back to the heap with the last array in it."""
        heap = drv.driver.heap
        allocations = self.allocations

        def give_back() -> None:
            allocations.pop(address, None)
            heap.free(address)

        memory = drv.AutoFreePointer(weakref.proxy(self), binding.CUdeviceptr(address), bytesize, finalizer=give_back)
        # The pointers that arrays hold are weak; this keeps the allocation until the last of them is gone.
        allocations[address] = memory
        return memory.own()

    def get_active_blocks_per_multiprocessor(
        self, func: Any, blocksize: int, memsize: int, flags: int | None = None
    ) -> int:
        """How many blocks of a kernel a multiprocessor holds, its registers and fixed shared memory left aside."""
        model = self.device
        threads = -(-int(blocksize) // model.WARP_SIZE) * model.WARP_SIZE
        return min(
            model.MAX_THREADS_PER_MULTIPROCESSOR // threads,
            model.MAX_BLOCKS_PER_MULTIPROCESSOR,
            model.MAX_SHARED_MEMORY_PER_MULTIPROCESSOR // (int(memsize) + 1024),
        )

    def create_stream(self) -> Any:
        return EmulatedStream(binding.CUstream(next(_numbers)))

    def create_event(self, timing: bool = True) -> Any:
        return drv.Event(next(_numbers))

    def reset(self) -> None:
        self.allocations.clear()


class EmulatedGpu(drv.Device):
    """The one device: a model by name, without a GPU behind it."""

    def __init__(self, devnum: int, model: DeviceModel, compute_capability: tuple[int, int]) -> None:
        self._model = model
        self.id = devnum
        self.compute_capability = compute_capability
        self.name = model.name
        self.uuid = "GPU-00000000-0000-0000-0000-000000000000"
        self.primary_context: Any = None

    def __getattr__(self, name: str) -> int:
        attributes = self.__dict__["_model"].attributes
        if name in attributes:
            return int(attributes[name])
        raise AttributeError(f"the {DEVICE_NAME} has no attribute {name}")

    def get_primary_context(self) -> Any:
        if self.primary_context is None:
            self.primary_context = EmulatedContext(weakref.proxy(self), _CONTEXT)
        return self.primary_context

    def release_primary_context(self) -> None:
        self.primary_context = None

    def reset(self) -> None:
        if self.primary_context is not None:
            self.primary_context.reset()
        self.primary_context = None


#: What to do instead, by the beginning of the driver function's name.
_INSTEAD = {
    "cuIpc": ": arrays are not shared between processes; hand over `x.copy_to_host()`",
    "cuCtxEnablePeerAccess": ": there is one device",
    "cuDeviceCanAccessPeer": ": there is one device",
    "cuMemcpyPeer": ": there is one device",
    "cuTex": ": textures are not emulated; read the array by its index",
}


class EmulatedDriver(drv.Driver):
    """CUDA's driver API, as far as numba-cuda's host API uses it, answered from a heap."""

    heap: Heap
    model: DeviceModel

    def begin(self, heap: Heap, model: DeviceModel) -> None:
        self.heap, self.model = heap, model
        self.is_initialized = True
        self.initialization_error = None
        self.devices: dict[int, EmulatedGpu] = {}
        self._recorded: dict[int, int] = {}
        self._pinned: dict[int, Any] = {}
        self._registered: set[int] = set()
        #: How often a thread has made the context current.
        self._current = threading.local()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("cu"):
            mend = next((mend for start, mend in _INSTEAD.items() if name.startswith(start)), "")
            raise NotImplementedError(f"the {DEVICE_NAME} does not offer {name}{mend}")
        raise AttributeError(name)

    def get_device(self, devnum: int = 0) -> Any:
        if devnum not in self.devices:
            if devnum != 0:
                raise drv.CudaAPIError(
                    int(binding.CUresult.CUDA_ERROR_INVALID_DEVICE), f"there is one device, number 0, and not {devnum}"
                )
            self.devices[devnum] = EmulatedGpu(devnum, self.model, self.heap.compute_capability)
        return weakref.proxy(self.devices[devnum])

    # CUDA's names from here on.

    def cuDeviceGetCount(self) -> int:
        return 1

    def cuDriverGetVersion(self) -> int:
        return 12090

    def cuCtxGetCurrent(self) -> int:
        return _CONTEXT if getattr(self._current, "pushed", 0) else 0

    def cuCtxGetDevice(self) -> int:
        return 0

    def cuCtxPushCurrent(self, context: int) -> None:
        self._current.pushed = getattr(self._current, "pushed", 0) + 1

    def cuCtxPopCurrent(self) -> int:
        self._current.pushed -= 1
        return _CONTEXT

    def cuCtxSynchronize(self) -> None:
        self._synchronise()

    def _synchronise(self, event: int | None = None) -> None:
        EmulatedKernel.front.reporter.take("streams", self.heap.synchronise(event))

    def _on(self, stream: Any, *, pinned: bool = False) -> Any:
        """Requests go on this stream; that of CUDA's null stream has two names."""
        number = int(stream)
        return self.heap.place.on(0 if number == binding.CU_STREAM_LEGACY else number, pinned=pinned)

    def cuMemGetInfo(self) -> tuple[int, int]:
        return self.heap.memory_info()

    def cuMemGetAddressRange(self, pointer: Any) -> tuple[int, int]:
        return self._known(lambda: self.heap.locate(int(pointer)))

    def cuPointerGetAttribute(self, attribute: Any, pointer: Any) -> Any:
        self._known(lambda: self.heap.locate(int(pointer)))
        return pointer

    def _known(self, act: Any) -> Any:
        try:
            return act()
        except HeapError as error:
            raise drv.CudaAPIError(int(binding.CUresult.CUDA_ERROR_INVALID_VALUE), str(error)) from None

    # What takes no stream goes on the null stream, and the host waits for it, as for a copy of pageable memory.

    def cuMemcpyHtoD(self, target: int, source: int, size: int) -> None:
        self._to_device(target, source, size, self._on(0))

    def cuMemcpyHtoDAsync(self, target: int, source: int, size: int, stream: Any) -> None:
        self._to_device(target, source, size, self._on(stream, pinned=pinned.holds(int(source), size)))

    def _to_device(self, target: int, source: int, size: int, place: Any) -> None:
        data = ctypes.string_at(source, size)
        with place:
            self._known(lambda: self.heap.write(int(target), data))

    def cuMemcpyDtoH(self, target: int, source: int, size: int) -> None:
        self._to_host(target, source, size, self._on(0))

    def cuMemcpyDtoHAsync(self, target: int, source: int, size: int, stream: Any) -> None:
        self._to_host(target, source, size, self._on(stream, pinned=pinned.holds(int(target), size)))

    def _to_host(self, target: int, source: int, size: int, place: Any) -> None:
        with place:
            data = self._known(lambda: self.heap.read(int(source), size))
        ctypes.memmove(target, data, size)

    def cuMemcpyDtoD(self, target: int, source: int, size: int, stream: Any = 0) -> None:
        with self._on(stream):
            self._known(lambda: self.heap.copy(int(target), int(source), size))

    cuMemcpyDtoDAsync = cuMemcpyDtoD

    def cuMemsetD8(self, target: int, byte: int, size: int, stream: Any = 0) -> None:
        with self._on(stream):
            self._known(lambda: self.heap.fill(int(target), byte, size))

    cuMemsetD8Async = cuMemsetD8

    def cuMemHostAlloc(self, size: int, flags: int) -> int:
        if int(flags) & int(binding.CU_MEMHOSTALLOC_DEVICEMAP):
            return self._shared(size)
        buffer = ctypes.create_string_buffer(max(int(size), 1))
        address = ctypes.addressof(buffer)
        self._pinned[address] = buffer
        pinned.add(address, int(size))
        return address

    def cuMemFreeHost(self, address: int) -> None:
        if self._pinned.pop(int(address), None) is None:
            self.heap.free(int(address))
        pinned.remove(int(address))

    def _shared(self, size: int, memory: Any = None) -> int:
        """Memory that the host reaches under the device's address."""
        if not isinstance(self.heap, LocalHeap):
            raise NotImplementedError(
                f"the {DEVICE_NAME} shares no memory with the host where work is marked; copy with cuda.to_device"
            )
        return self.heap.alloc_shared(int(size), memory)

    def cuMemHostGetDevicePointer(self, address: int, flags: int) -> Any:
        return binding.CUdeviceptr(int(address))

    def cuMemAllocManaged(self, size: int, flags: int) -> Any:
        return binding.CUdeviceptr(self._shared(size))

    def cuMemFree(self, address: Any) -> None:
        self.heap.free(int(address))

    def cuMemHostRegister(self, pointer: int, size: int, flags: int) -> None:
        """What is to be mapped the heap takes in."""
        pinned.add(int(pointer), int(size))
        if int(flags) & int(binding.CU_MEMHOSTREGISTER_DEVICEMAP):
            memory: Any = (ctypes.c_uint8 * int(size)).from_address(int(pointer))
            self._registered.add(self._shared(size, np.frombuffer(memory, np.uint8)))

    def cuMemHostUnregister(self, pointer: int) -> None:
        pinned.remove(int(pointer))
        if int(pointer) in self._registered:
            self._registered.remove(int(pointer))
            self.heap.free(int(pointer))

    def cuStreamSynchronize(self, stream: Any) -> None:
        with self._on(stream):
            event = self.heap.record()
        self._synchronise(event)

    def cuStreamWaitEvent(self, stream: Any, event: Any, flags: int) -> None:
        """An event that was not recorded is done."""
        if int(event) in self._recorded:
            with self._on(stream):
                self.heap.wait(self._recorded[int(event)])

    def cuEventRecord(self, event: int, stream: Any) -> None:
        with self._on(stream):
            self._recorded[int(event)] = self.heap.record()

    def cuEventSynchronize(self, event: int) -> None:
        self._synchronise(self._recorded.get(int(event), 0))

    def cuEventQuery(self, event: Any) -> None:
        """Done, as all results are there."""

    def cuEventElapsedTime(self, begin: int, end: int) -> float:
        """Modelled milliseconds."""
        if int(begin) not in self._recorded or int(end) not in self._recorded:
            raise drv.CudaAPIError(
                int(binding.CUresult.CUDA_ERROR_INVALID_HANDLE), "both events must have been recorded before"
            )
        return 1e-6 * (self._recorded[int(end)] - self._recorded[int(begin)])

    def cuProfilerStart(self) -> None:
        """No profiler."""

    def cuProfilerStop(self) -> None:
        """No profiler."""


#: What numba-cuda asks of a loaded function.
_FUNCTION = SimpleNamespace(
    kernel=SimpleNamespace(attributes=SimpleNamespace(max_threads_per_block=1024)),
    attrs=SimpleNamespace(maxthreads=1024),
)


#: Variables in which a kernel with debug=True says what it raised, and in which thread.
_ERROR = ("errcode", "tidz", "tidy", "tidx", "ctaidz", "ctaidy", "ctaidx")


class EmulatedKernel(dispatcher._Kernel):
    """A compiled kernel whose PTX runs on the heap."""

    front: FrontEnd

    def __init__(self, py_func: Any, argtypes: Any, **options: Any) -> None:
        super().__init__(py_func, argtypes, **_compile_options(py_func, options))
        self._codelibrary.get_cufunc = lambda: _FUNCTION

    @functools.cached_property
    def ptx(self) -> str:
        """The module's text, as compiled for the device, with what it links."""
        own = "\n".join(next(iter(self._codelibrary._ptx_cache.values())))
        architecture = self.front.heap.compute_capability
        files = sorted(self._codelibrary._linking_files, key=str)
        return nvrtc.link(own, [_linked(file, architecture) for file in files]) if files else own

    def bind(self) -> None:
        """Nothing is loaded anywhere."""

    @functools.cached_property
    def _resources(self) -> assembler.Resources:
        """What NVIDIA's assembler says that the kernel takes."""
        text = ptx_text.text(ptx_text.canonical(parse(self.ptx), self.entry_name))
        # numba-cuda compiles for sm_90a, which no other GPU takes, and uses nothing of it.
        return assembler.assemble(re.sub(r"(\.target sm_\d+)a", r"\1", text), self.front.heap.compute_capability)

    def inspect_sass(self) -> str:
        raise NotImplementedError(
            f"the {DEVICE_NAME} runs PTX and makes no machine code: look at inspect_asm() instead of inspect_sass()"
        )

    inspect_sass_cfg = inspect_sass

    @property
    def regs_per_thread(self) -> int:
        return self._resources.registers

    @property
    def const_mem_size(self) -> int:
        return self._bytes_in("const")

    def _bytes_in(self, space: str) -> int:
        """Of variables of this space of memory, in the kernel or its module."""
        module = ptx_text.canonical(parse(self.ptx), self.entry_name)
        inside = [variable for function in module.functions.values() for variable in function.variables.values()]
        return sum(v.size for v in (*module.variables.values(), *inside) if v.space == space)

    @property
    def local_mem_per_thread(self) -> int:
        return self._resources.stack_bytes

    @property
    def shared_mem_per_block(self) -> int:
        return self._bytes_in("shared")

    def launch(self, args: Any, griddim: Any, blockdim: Any, stream: Any = 0, sharedmem: int = 0) -> None:
        number = int(drv._stream_handle(stream))
        stream = number and drv.Stream(binding.CUstream(number))
        write_back: list[Any] = []
        packed: list[Argument | bytes] = []
        for ty, value in zip(self.argument_types, args, strict=True):
            self._pack(ty, value, stream, write_back, packed)
        grid: Any = tuple(int(n) for n in griddim)
        block: Any = tuple(int(n) for n in blockdim)
        front = self.front
        with drv.driver._on(number), self._error_code() as variables:
            findings = front.heap.launch(
                self.ptx,
                self.entry_name,
                grid,
                block,
                tuple(packed),
                int(sharedmem),
                variables,
            )
            self._show(findings)
            self._raise_what_was_raised(variables)
        for act in write_back:
            act()

    def _show(self, findings: Iterable[Finding]) -> None:
        """Raises LaunchFailure where the kernel did not come to its end."""
        front = self.front
        report.show_printed(front.heap, self.ptx)
        front.reporter.take(self.entry_name, (f for f in findings if f.kind not in FATAL))
        for finding in findings:
            if finding.kind in FATAL:
                front.reporter.take(self.entry_name, [finding], quiet=True)
                raise LaunchFailure(int(binding.CUresult.CUDA_ERROR_LAUNCH_FAILED), front.text(finding))

    @contextlib.contextmanager
    def _error_code(self) -> Iterator[tuple[tuple[str, int, int], ...]]:
        """Where a kernel with debug=True leaves its exception and the thread's index: names, addresses, lengths."""
        if not self.debug:
            yield ()
            return
        heap = self.front.heap
        place = heap.alloc(4 * len(_ERROR))
        try:
            heap.fill(place, 0, 4 * len(_ERROR))
            yield tuple((f"{self.entry_name}__{name}__", place + 4 * at, 4) for at, name in enumerate(_ERROR))
        finally:
            heap.free(place)

    def _raise_what_was_raised(self, variables: tuple[tuple[str, int, int], ...]) -> None:
        """A kernel's exception, as numba-cuda raises it."""
        if not variables:
            return
        code, *where = np.frombuffer(self.front.heap.read(variables[0][1], 4 * len(_ERROR)), np.int32).tolist()
        if not code:
            return
        kind, args, place = self.call_helper.get_exception(code)
        at = "" if place is None else f"In function {place[0]!r}, file {os.path.abspath(place[1])}, line {place[2]}, "
        at += f"tid={where[:3]} ctaid={where[3:]}"
        raise kind(*(f"{at}: {args[0]}", *args[1:]) if args else (at,))

    def _pack(self, ty: Any, value: Any, stream: Any, write_back: list[Any], packed: list[Argument | bytes]) -> None:
        """Append what the kernel's parameter list wants for `value` of numba type `ty`."""
        for extension in reversed(self.extensions):
            ty, value = extension.prepare_args(ty, value, stream=stream, retr=write_back)
        if isinstance(ty, types.Array):
            array = _on_device(value, stream, write_back)
            packed += [bytes(8), bytes(8), _word(array.size), _word(array.dtype.itemsize), _argument(array)]
            packed += [_word(n) for n in (*array.shape, *array.strides)]
        elif isinstance(ty, types.Record):
            packed.append(_argument(_on_device(value, stream, write_back)))
        elif isinstance(ty, types.BaseTuple):
            for part, item in zip(ty, value, strict=True):
                self._pack(part, item, stream, write_back, packed)
        elif isinstance(ty, types.EnumMember):
            self._pack(ty.dtype, value.value, stream, write_back, packed)
        elif ty == types.boolean:
            packed.append(bytes([bool(value)]))
        elif isinstance(ty, types.CPointer):
            raise NotImplementedError(f"the {DEVICE_NAME} takes arrays and numbers as arguments, no bare pointers")
        else:
            plain: list[Any] = []
            self._prepare_args(ty, value, stream, write_back, plain)
            packed += [bytes(item) for item in plain]


def _compile_options(py_func: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Line information wherever there is source of the learner's.

    numba-cuda warns about generated functions, which have none; and what happens inside its own device functions
    (random numbers, reductions) belongs to the learner's line that calls them.
    """
    try:
        inspect.getsource(py_func)
        lines = not str(py_func.__module__).startswith("numba.")
    except (OSError, TypeError):
        lines = False
    return {**options, "lineinfo": lines and not options.get("debug"), "lto": False}


def _linked(file: Any, architecture: tuple[int, int]) -> str:
    """PTX of what a kernel links: a path, or a `LinkableCode`."""
    if isinstance(file, str):
        kind, name, content = Path(file).suffix.removeprefix("."), file, Path(file).read_text(encoding="utf-8")
    else:
        kind, name, data = file.kind, file.name, file.data
        content = data.decode() if isinstance(data, bytes) else data
    if kind == "ptx":
        return content
    if kind != "cu":
        raise NotImplementedError(f"the {DEVICE_NAME} links CUDA C (.cu) and PTX, and {name} is neither")
    if getattr(file, "nrt", False):
        raise NotImplementedError(
            f"the {DEVICE_NAME} has no memory manager inside kernels: make arrays with cuda.local.array or outside"
        )
    headers = Path(numba.cuda.__file__).parent / "include" / "12"
    # Without line information: the lines that count are those of the learner's own file.
    return nvrtc.compile_ptx(content, ("-rdc=true", f"-I{headers}"), architecture, source=name)[0]


def _parsed(source: str) -> ast.Module:
    """For numba-cuda's search for a kernel's first line: it finds no lambda, and stops at one that is no statement."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        tree = ast.Module([], [])
    nothing = ast.arguments([], [], None, [], [], None, [])
    tree.body.append(
        ast.FunctionDef("<lambda>", nothing, [ast.Pass(lineno=1, col_offset=0)], [], lineno=1, col_offset=0)
    )
    return tree


def _word(number: int) -> bytes:
    return int(number).to_bytes(8, "little", signed=True)


def _on_device(value: Any, stream: Any, write_back: list[Any]) -> Any:
    """The array on the device; a host array goes there, and comes back after the launch unless `In` is around it."""
    hint = value if isinstance(value, ArgHint) else InOut(value)
    copy_in = isinstance(hint, In) or bool(getattr(hint, "copy_input", True))
    array, moved = devicearray.auto_device(hint.value, stream=stream, copy=copy_in)
    if moved:
        # The array must live as long as the launch, also where nothing comes back.
        write_back.append(lambda: array.copy_to_host(hint.value, stream) if isinstance(hint, Out) else array)
    return array


def _argument(array: Any) -> Argument:
    if not array.size:
        return Argument(0, 0, 0)
    view = _view(array)
    return Argument(view.address, *view.extent)


def _view(array: Any) -> View:
    address = int(array.gpu_data.device_pointer_value) if array.size else 0
    return View(address, array.dtype.str, tuple(array.shape), tuple(array.strides))


def view_of(array: Any) -> View | None:
    """Where a device array of numba-cuda lies; None for anything else."""
    return _view(array) if isinstance(array, devicearray.DeviceNDArrayBase) else None


def is_stream(value: Any) -> bool:
    return isinstance(value, drv.Stream)


def adopt(view: View) -> Any:
    """A device array that owns the allocation which `view` begins."""
    begin, end = view.extent
    memory = devices.get_context().own(view.address, end - begin)
    return devicearray.DeviceNDArray(view.shape, view.strides, view.dtype, gpu_data=memory)


class FrontEnd:
    """An installed front end. `heap` is where learner code's arrays live."""

    def __init__(self, heap: Heap, model: DeviceModel, reporter: Reporter, language: Language | None) -> None:
        self.heap = heap
        self.model = model
        self.reporter = reporter
        self._language = language

    def text(self, finding: Finding) -> str:
        return report.line(finding, self._language or report.language())

    def findings(self) -> list[Finding]:
        """Every finding of every launch so far."""
        return self.reporter.findings()


@dataclass
class _Original:
    driver_class: type
    driver_state: dict[str, Any]
    kernel: type
    init: Any
    caching: Any
    occupancy_warnings: Any
    syntax: Any


_original: _Original | None = None


def install(
    heap: Heap,
    device: DeviceModel | None = None,
    *,
    language: Language | None = None,
    show: Show | None = print,
    reporter: Reporter | None = None,
) -> FrontEnd:
    """Put `heap` behind `numba.cuda` in this process; installing again changes the heap.

    `device` is the model that queries answer; `show` gets each line for the learner (None: nothing is shown), in
    `language`, or LEHRWERK_LANG where that is None. Arrays of a heap that was installed before must not be used on.
    """
    global _original
    if _original is None:
        cls = dispatcher.CUDADispatcher
        _original = _Original(
            type(drv.driver),
            dict(drv.driver.__dict__),
            dispatcher._Kernel,
            cls.__init__,
            cls.enable_caching,
            dispatcher.config.CUDA_LOW_OCCUPANCY_WARNINGS,
            firstlinefinder.ast,
        )
        firstlinefinder.ast = SimpleNamespace(**{**vars(ast), "parse": _parsed})
        # A warning that a small grid leaves a GPU idle is about speed, and there is none here.
        dispatcher.config.CUDA_LOW_OCCUPANCY_WARNINGS = 0
        drv._logger = drv.make_logger()
        cls.__init__ = _with_lines(cls.__init__)
        cls.enable_caching = lambda self: None
        dispatcher._Kernel = EmulatedKernel
    front = FrontEnd(heap, device or DeviceModel(), reporter or Reporter(show, language), language)
    drv.driver.__class__ = EmulatedDriver
    drv.driver.begin(heap, front.model)
    _forget_device()
    EmulatedKernel.front = front
    return front


def uninstall() -> None:
    """Leave `numba.cuda` as it was; nothing happens where nothing is installed."""
    global _original
    if _original is None:
        return
    drv.driver.__class__ = _original.driver_class
    drv.driver.__dict__.clear()
    drv.driver.__dict__.update(_original.driver_state)
    dispatcher._Kernel = _original.kernel
    dispatcher.CUDADispatcher.__init__ = _original.init
    dispatcher.CUDADispatcher.enable_caching = _original.caching
    dispatcher.config.CUDA_LOW_OCCUPANCY_WARNINGS = _original.occupancy_warnings
    firstlinefinder.ast = _original.syntax
    _forget_device()
    _original = None


def _forget_device() -> None:
    """The list of devices is made once in numba-cuda; a new driver has another one."""
    devices._DeviceList.lst.fget.cache_clear()
    devices._runtime._set_attached_context(None)
    # Compiled assignments of device arrays belong to the kernel class that was there.
    devicearray._assign_kernel.cache_clear()


def _with_lines(init: Any) -> Any:
    @functools.wraps(init)
    def with_lines(self: Any, py_func: Any, targetoptions: dict[str, Any], *rest: Any, **keywords: Any) -> None:
        init(self, py_func, _compile_options(py_func, targetoptions), *rest, **keywords)

    return with_lines
