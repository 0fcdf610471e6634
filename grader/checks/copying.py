"""The copy kernel that bandwidths are shares of. Imports this package's sizes and the device interface."""

from __future__ import annotations

import numpy as np

from grader.checks.sizes import ceil_div
from grader.device.interface import Launch, Pointer

#: Copies 16 bytes for each step of each thread, as memory is fastest read and written.
COPY_PTX = """.version 7.0
.target sm_70
.address_size 64
.visible .entry copy(.param .u64 target, .param .u64 source, .param .u64 count)
{
.reg .b32 %r<8>;
.reg .b64 %d<12>;
.reg .pred %p<2>;
ld.param.u64 %d0, [target];
ld.param.u64 %d1, [source];
ld.param.u64 %d2, [count];
cvta.to.global.u64 %d0, %d0;
cvta.to.global.u64 %d1, %d1;
mov.u32 %r0, %ctaid.x;
mov.u32 %r1, %ntid.x;
mov.u32 %r2, %tid.x;
mov.u32 %r3, %nctaid.x;
cvt.u64.u32 %d3, %r2;
mul.wide.u32 %d4, %r0, %r1;
add.u64 %d4, %d4, %d3;
mul.wide.u32 %d5, %r3, %r1;
again:
setp.ge.u64 %p0, %d4, %d2;
@%p0 bra done;
shl.b64 %d6, %d4, 4;
add.u64 %d7, %d1, %d6;
add.u64 %d8, %d0, %d6;
ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%d7];
st.global.v4.u32 [%d8], {%r4, %r5, %r6, %r7};
add.u64 %d4, %d4, %d5;
bra again;
done:
ret;
}
"""
_COPY_BLOCK, _COPY_BLOCKS = 256, 132 * 16


def copy_launch(nbytes: int, rng: np.random.Generator) -> Launch:
    """One launch of the copy kernel that reads `nbytes` / 2 and writes as many, rounded up to 16."""
    count = _steps(nbytes)
    source = np.frombuffer(rng.bytes(16 * count), np.uint8)
    whole = 16 * count
    return Launch(
        ptx=COPY_PTX,
        entry="copy",
        grid=(min(ceil_div(count, _COPY_BLOCK), _COPY_BLOCKS), 1, 1),
        block=(_COPY_BLOCK, 1, 1),
        parameters=(Pointer(0, 0, 0, whole), Pointer(1, 0, 0, whole), count.to_bytes(8, "little")),
        buffers=(np.zeros(whole, np.uint8), source),
        initialised=(False, True),
    )


def copied(nbytes: int) -> int:
    """Bytes that this launch reads and writes."""
    return 32 * _steps(nbytes)


def _steps(nbytes: int) -> int:
    """Each reads 16 bytes and writes as many."""
    return max(ceil_div(nbytes, 32), 1)
