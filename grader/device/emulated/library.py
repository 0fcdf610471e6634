"""Device functions that no kernel's module brings and a GPU's linker would add: those of cooperative groups.

A kernel that synchronises the grid finds a workspace through two special registers. Its second word is the barrier:
each block adds one to it, the first block what is missing to its top bit, and all wait until that bit has changed.
Imports nothing of ours but this package.

Source: NVIDIA, CUDA programming guide, cooperative groups; PTX ISA, %envreg.
"""

from __future__ import annotations

from functools import cache

from grader.device.emulated.ptx import Function, Symbol, parse

#: The variable that is the workspace, its bytes, and where in it the barrier lies. No name in PTX begins so.
WORKSPACE, WORKSPACE_BYTES, BARRIER = "%grid", 8, 4
#: Special registers that hold the halves of the workspace's address, the lower one first.
REGISTERS = ("%envreg2", "%envreg1")
#: The barrier's bit that changes when all blocks have come.
PHASE = 1 << 31

_TEXT = """
.version 8.0
.target sm_70
.address_size 64
.func (.param .b64 handle) cudaCGGetIntrinsicHandle(.param .b32 scope) {
  .reg .b32 %low, %high;
  .reg .b64 %both;
  mov.u32 %low, %envreg2;
  mov.u32 %high, %envreg1;
  mov.b64 %both, {%low, %high};
  st.param.b64 [handle], %both;
  ret;
}
.func (.param .b32 status) cudaCGSynchronize(.param .b64 handle, .param .b32 flags) {
  .reg .b32 %a, %b, %c, %count, %add, %old, %now;
  .reg .b64 %place;
  .reg .pred %first, %same;
  barrier.sync 0;
  mov.u32 %a, %tid.x;
  mov.u32 %b, %tid.y;
  mov.u32 %c, %tid.z;
  or.b32 %a, %a, %b;
  or.b32 %a, %a, %c;
  setp.ne.u32 %first, %a, 0;
  @%first bra met;
  ld.param.u64 %place, [handle];
  mov.u32 %a, %nctaid.x;
  mov.u32 %b, %nctaid.y;
  mov.u32 %c, %nctaid.z;
  mul.lo.u32 %count, %a, %b;
  mul.lo.u32 %count, %count, %c;
  sub.u32 %add, 0x80000001, %count;
  mov.u32 %a, %ctaid.x;
  mov.u32 %b, %ctaid.y;
  mov.u32 %c, %ctaid.z;
  or.b32 %a, %a, %b;
  or.b32 %a, %a, %c;
  setp.eq.u32 %first, %a, 0;
  selp.b32 %add, %add, 1, %first;
  atom.add.release.gpu.u32 %old, [%place+4], %add;
wait:
  ld.acquire.gpu.u32 %now, [%place+4];
  xor.b32 %now, %now, %old;
  setp.ge.s32 %same, %now, 0;
  @%same bra wait;
met:
  barrier.sync 0;
  st.param.b32 [status], 0;
  ret;
}
"""


@cache
def functions() -> dict[str, Function]:
    """By name."""
    return parse(_TEXT).functions


def meets_grid(function: Function) -> bool:
    """Does this kernel, with all that it calls, read where the workspace is?"""
    return any(
        isinstance(operand, Symbol) and operand.name in REGISTERS
        for instruction in function.instructions
        for operand in instruction.operands
    )
