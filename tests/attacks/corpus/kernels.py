"""GPU kernels: other PTX than the source, PTX by hand, PTX that looks around, and host code that poses as a kernel."""

from __future__ import annotations

from tests.attacks.case import NO_CHANNEL, SEND, Attack, asks

_CHECK = asks(
    "from grader.checks import KernelCheck\ncheck = KernelCheck(answer, 'void(float32[:], float32[:])', launch=lambda n: (2, 32), names=('x', 'out'), hidden=True)\n"
    "check.inputs(lambda rng, n: (rng.random(n, dtype='f4'), np.empty(n, 'f4')), sizes=[33, 40])\ncheck.expect(lambda x, out: x + 1, output=1)\n"
    "check.points(correct=6, in_bounds=2, keeps_inputs=2)\ncheck.run()",
    model="from numba import cuda\n@cuda.jit\ndef answer(x, out):\n    i = cuda.grid(1)\n    if i < out.size:\n        out[i] = x[i] + 1",
)
_TWO = asks(
    "from grader.checks import KernelCheck\ndef check(seed):\n    c = KernelCheck(answer, 'void(float32[:], float32[:])', launch=lambda n: (2, 32), hidden=True, seed=seed)\n"
    "    c.inputs(lambda rng, n: (rng.random(n, dtype='f4'), np.empty(n, 'f4')), sizes=[33])\n    return c.expect(lambda x, out: x + 1, output=1).points(correct=5).run()\ncheck(1) + check(2)",
)
_PARAMETERS = ", ".join(f".param .u64 k_{n}" for n in range(14))
_GATE = "our PTX reader is the gate"
_BENCH = "a bench holds inputs and outputs, and nothing else"
_HEAD = "from numba import cuda\n@cuda.jit\ndef answer(x, out):\n    i = cuda.grid(1)\n"


def _ptx(
    name: str, body: str, wall: str = _GATE, before: str = "", parameters: str = _PARAMETERS, **more: object
) -> Attack:
    text = f".version 8.0\n.target sm_90\n.address_size 64\n{before}\n.visible .entry k({parameters}) {{ {body} }}\n"
    return _made(name, f"text = {text!r}", wall, **more)


def _made(name: str, make: str, wall: str = _GATE, **more: object) -> Attack:
    code = f"{SEND}{make}\nexam.Candidate.do_compile = lambda self, request: {{'ptx': text, 'entry': 'k', 'file': '<cell:answer>'}}\ndef answer(x, out): pass"
    return Attack(name, wall, code, source=_CHECK, spared=NO_CHANNEL, **more)  # type: ignore[arg-type]


_LOADS = ".reg .b64 %d<9>; .reg .f32 %f<4>; .reg .pred %p<3>; .reg .b32 %r<9>;"

ATTACKS = (
    Attack("a kernel that does nothing", "outputs are filled with a pattern before each run", _HEAD + "    pass", source=_CHECK),
    Attack("a kernel that relies on the run before", "outputs are filled with a pattern before each run", _HEAD + "    if i < out.size and i < 1: out[i] = x[i] + 1", source=_CHECK),
    Attack("a kernel that writes one constant", "inputs are drawn anew", _HEAD + "    if i < out.size: out[i] = 1.5", source=_CHECK),
    Attack("a kernel that sets its inputs so that the output fits", "the reference is computed before, from other copies", _HEAD + "    if i < out.size:\n        x[i] = -1\n        out[i] = 0", source=_CHECK),
    Attack("a right kernel that changes its inputs", "inputs are hashed before and after", _HEAD + "    if i < out.size:\n        out[i] = x[i] + 1\n        x[i] = 0", source=_CHECK, honest=8),
    Attack("a right kernel that writes beyond its output", "outputs lie between canaries, and every access is looked at", _HEAD + "    if i < out.size: out[i] = x[i] + 1\n    elif i < out.size + 4: out[i] = 7", source=_CHECK, honest=8),
    Attack("a kernel that searches its context for the expected values", _BENCH, _HEAD + "    if i < out.size:\n        out[i] = x[i]\n        for k in range(-64, 64): out[i] = max(out[i], out[i + k])", source=_CHECK),
    Attack("a kernel that is right for the first launch only", "a module's memory begins anew with each launch",
           "import numpy as np\nfrom numba import cuda\n@cuda.jit\ndef answer(x, out):\n    s = cuda.shared.array(1, 'i4')\n    i = cuda.grid(1)\n    if i < out.size: out[i] = x[i] + s[0] + 1 if s[0] == 7 else x[i]", source=_CHECK),
    Attack("a kernel for one size", "sizes are many and hidden", _HEAD + "    if i < 33: out[i] = x[i] + 1 if out.size == 33 else 0.0", source=_CHECK, honest=4),
    Attack("a kernel with a race that happens to be right", "reads and writes are watched, whatever comes out", _HEAD + "    if i < out.size: out[i] = x[i] + 1\n    if i + 1 < out.size: out[i + 1] = x[i + 1] + 1",
           source=asks("from grader.checks import KernelCheck\ncheck = KernelCheck(answer, 'void(float32[:], float32[:])', launch=lambda n: (2, 32), hidden=True)\n"
                       "check.inputs(lambda rng, n: (np.arange(n, dtype='f4'), np.empty(n, 'f4')), sizes=[33])\ncheck.expect(lambda x, out: x + 1, output=1).points(correct=5, race_free=5)\ncheck.run()"), honest=10),
    Attack("a function of the host's as kernel", "a kernel is what compiles to PTX", "def answer(x, out): out[:] = x + 1", source=_CHECK),
    Attack("an object with py_func", "a kernel is what compiles to PTX", "class K:\n    def py_func(self, x, out): pass\n    targetoptions = {}\nanswer = K()", source=_CHECK),
    Attack("a kernel with other parameters", "the parameter list must be the expected one", "from numba import cuda\n@cuda.jit\ndef answer(x): x[0] = 1", source=_CHECK),
    Attack("the right kernel at the second request", "a kernel is compiled once, and the same module goes everywhere",
           "from numba import cuda\n@cuda.jit\ndef wrong(x, out): pass\n@cuda.jit\ndef right(x, out):\n    i = cuda.grid(1)\n    if i < out.size: out[i] = x[i] + 1\n"
           "import grader.checks.compiling as s\nold = s.compile_kernel\nasked = []\ndef turn(kernel, *a):\n    asked.append(1)\n    return old(right if len(asked) > 1 else wrong, *a)\ns.compile_kernel = turn\nanswer = wrong",
           source=_TWO, honest=5, spared=NO_CHANNEL),
    _ptx("PTX with fewer parameters", "ret;", parameters=".param .u64 a"),
    _ptx("PTX without parameters", "ret;", parameters=""),
    _ptx("PTX with parameters of another type", "ret;", parameters=", ".join(f".param .b8 k_{n}[64]" for n in range(14))),
    _ptx("PTX with 9 TB of shared memory", "ret;", before=".shared .align 4 .b8 big[9000000000000];"),
    _ptx("PTX with 900 GB of local memory", ".local .align 4 .b8 big[900000000000]; ret;"),
    _ptx("PTX with 900 million registers", ".reg .b64 %r<900000000>; ret;"),
    _ptx("PTX in 5,000 blocks", "{" * 5_000 + "ret;" + "}" * 5_000),
    _ptx("PTX that branches to itself without end", "L: bra L;", "a limit on steps"),
    _ptx("PTX that jumps to no label", "bra NOWHERE; ret;"),
    _ptx("PTX with an unknown instruction", "frobnicate.u32 %r1, %r2; ret;"),
    _ptx("PTX that calls a function of the driver's", ".reg .b32 %r<2>; call (%r1), vprintf, (k_0, k_1); ret;", before=".extern .func (.param .b32 a) vprintf (.param .b64 b, .param .b64 c);"),
    _ptx("PTX that calls malloc", ".param .b64 p; .param .b64 q; call (p), malloc, (q); ret;", before=".extern .func (.param .b64 a) malloc (.param .b64 b);"),
    _ptx("PTX that names an external variable", "ret;", before=".extern .global .align 8 .b64 secret;"),
    _ptx("PTX with a directive of another tool", "ret;", before=".section .nv.hidden { .b8 1 }"),
    _ptx("PTX with bytes of machine code", "ret;", before='.pragma "nounroll"; .include "/etc/passwd"'),
    _ptx("PTX that reads address 0", _LOADS + " mov.u64 %d1, 0; ld.global.f32 %f1, [%d1]; ret;", _BENCH),
    _ptx("PTX that writes all over", _LOADS + " mov.u64 %d1, 1152921504606846976; st.global.u64 [%d1], %d1; ret;", _BENCH),
    _ptx("PTX that reads every buffer of its context", _LOADS + " ld.param.u64 %d1, [k_11]; mov.u32 %r1, 0; L: ld.global.f32 %f1, [%d1+-4096]; st.global.f32 [%d1], %f1; add.u64 %d1, %d1, 4; add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 4000; @%p1 bra L; ret;", _BENCH),
    _ptx("PTX with lines of a cell that is none", ".reg .b64 %r<3>; .loc 1 4000000000 0\n mov.u64 %r1, 0; .loc 1 4000000001 0\n st.global.u64 [%r1], %r1; ret;", "lines are those of the learner's own cells", before='.file 1 "<cell:<script>>"'),
    _ptx("PTX whose line numbers carry a hidden value", ".reg .b64 %r<3>; .loc 1 48271 0\n mov.u64 %r1, 0; .loc 1 69621 0\n st.global.u64 [%r1], %r1; ret;", "lines are those of the learner's own cells", before='.file 1 "<cell:answer>"'),
    _ptx("PTX that waits at a barrier for nobody", _LOADS + " mov.u32 %r1, %tid.x; setp.eq.u32 %p1, %r1, 0; @%p1 bra L; ret; L: bar.sync 0, 64; ret;", "a barrier that cannot complete is a finding"),
    _made("PTX that is a number", "text = 5"),
    _made("PTX of 20 MB", "text = '// ' + 'x' * 20_000_000"),
    _made("PTX with 30,000 labels", f"text = '.version 8.0\\n.target sm_90\\n.address_size 64\\n.visible .entry k({_PARAMETERS}) {{{{\\n' + ''.join(f'L{{i}}: bra L{{i + 1}};\\n' for i in range(30_000)) + 'L30000: ret; }}}}'".replace("{{{{", "{").replace("}}}}", "}")),
    Attack("a refusal of a megabyte in 5,000 languages", "findings have caps", SEND + "exam.Candidate.do_compile = lambda self, r: {'refused': {'kind': 'k' * 10**6, 'message': {'en': 'x', **{str(i): 'y' * 2000 for i in range(5000)}}, 'line': None}}\ndef answer(x, out): pass", source=_CHECK, spared=NO_CHANNEL),
    Attack("a refusal that is no refusal", "findings have caps", SEND + "exam.Candidate.do_compile = lambda self, r: {'refused': [1]}\ndef answer(x, out): pass", source=_CHECK, spared=NO_CHANNEL),
    Attack("the compiler replaced by one that hangs", "the clock of the call", "import time\nfrom numba import cuda\ncuda.compile_ptx = lambda *a, **k: time.sleep(60)\n@cuda.jit\ndef answer(x, out): pass", source=_CHECK, outcomes=("timeout",)),
)  # fmt: skip
