"""A script on the emulated GPU, and the notebook kernel that brings it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from grader.device import kernel
from grader.device.frontends import report
from grader.device.frontends.run import run_script
from grader.device.interface import KINDS, WASTE

COMMAND = [str(Path(sys.executable).with_name("lehrwerk")), "emulate"]
FINDINGS = Path(__file__).parents[2] / "docs/learn/findings.md"

GOOD = """
import sys
import numpy as np
from numba import cuda
import cupy

@cuda.jit
def double(v):
    i = cuda.grid(1)
    if i < v.size:
        v[i] *= 2

x = cupy.arange(4, dtype="f4")
double.forall(4)(x)
print(sys.argv[1:], x.get().tolist(), __name__)
"""
BAD = GOOD.replace("i < v.size", "i <= v.size").replace("forall(4)", "forall(5)")
#: A module beside the script: a kernel that goes one element too far.
BESIDE = """
from numba import cuda
import numpy as np
@cuda.jit
def fill(v, value):
    v[cuda.grid(1)] = value

def filled(value):
    v = cuda.to_device(np.zeros(3))
    fill[1, 4](v, value)
    return v.copy_to_host().tolist()
"""
EVERYWHERE = """
import atexit, multiprocessing, os, subprocess, sys, threading
from beside import filled

if __name__ == "__main__":
    atexit.register(lambda: print("from the end", filled(3), file=sys.stderr))
    print("from main", filled(0))
    os.chdir("/")
    thread = threading.Thread(target=lambda: print("from a thread", filled(1)))
    thread.start()
    thread.join()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print("from a pool", *pool.map(filled, [2]))
    code = "import cupy; print('from a child', cupy.__version__, cupy.arange(3.0).sum())"
    sys.stdout.flush()
    subprocess.run([sys.executable, "-c", code], check=True)
    sys.stdout.close()
    os.close(1)
"""
STRIDED = """
import sys
import numpy as np
from numba import cuda

@cuda.jit
def copy(x, out):
    i = 8 * cuda.grid(1)
    out[i] = x[i]

n = int(sys.argv[1])
x = cuda.to_device(np.zeros(8 * n, "f4"))
copy[n // 256, 256](x, cuda.device_array_like(x))
"""


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_script_runs_as_a_script(script, capfd):
    before = list(sys.argv)
    assert run_script(script(GOOD), ["one", "two"], language="en") == 0
    out = capfd.readouterr().out
    assert "['one', 'two'] [0.0, 2.0, 4.0, 6.0] __main__" in out
    assert "1 kernel launches" in out
    assert sys.argv == before
    assert "cupy" not in sys.modules


def test_findings_come_after_what_the_script_says_and_are_the_exit_code(script, capfd):
    assert run_script(script(BAD), language="de") == 1
    said, empty, finding, summary = capfd.readouterr().out.splitlines()
    assert (said.endswith("__main__"), empty) == (True, "")
    assert finding.startswith("Zeile 11  außerhalb des Arrays: Thread 4 von Block 0")
    assert summary.startswith("Emulierte GPU: 1 Kernelstarts")


SPINNING = r"""import cupy
kernel = cupy.RawKernel(r'''extern "C" __global__ void k(int* x) {
  while (clock64() >= 0);
}''', "k")
try:
    kernel((64,), (1024,), (cupy.zeros(1, dtype="i4"),))
except cupy.cuda.driver.CUDADriverError:
    print("went on")
"""


def test_a_script_whose_kernel_waits_for_the_clock_without_end_comes_to_its_end(script, capfd):
    assert run_script(script(SPINNING), json=True, language="en") == 1
    said, *_, told = capfd.readouterr().out.splitlines()
    assert said == "went on"
    assert [(one["kind"], one["line"]) for one in json.loads(told)["findings"]] == [("step-limit", 3)]


def test_as_json_the_last_line_has_findings_and_counters(script, capfd):
    path = script(BAD + "sys.stdout.write('no end of line')\n")
    assert run_script(path, json=True, language="en") == 1
    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert set(told) == {"findings", "counters"}
    assert told["findings"] == [
        {
            "kind": "out-of-bounds",
            "file": str(path),
            "line": 11,
            "thread": [4, 0, 0],
            "block": [0, 0, 0],
            "message": "thread 4 of block 0 reads element 4 of an array with 4 elements. "
            "Guard the access: only threads whose index lies inside the array may reach it.",
        }
    ]
    assert told["counters"]["launches"] == 1
    assert told["counters"]["device_to_host_bytes"] == 16
    assert told["counters"]["thread_instructions"] > 0


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("raise ValueError('no')", 1, "ValueError: no"),
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit('no more')", 1, "no more"),
        ("import sys; sys.exit(None)", 0, ""),
        ("import os; os._exit(5)", 5, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + 9, ""),
        ("import sys\nsys.excepthook = lambda *_: print('mine', file=sys.stderr)\n1 / 0", 1, "mine"),
        ("if", 1, "SyntaxError"),
    ],
)
def test_a_failing_script_fails_as_in_python(script, capfd, text, code, said):
    path = script(text)
    assert run_script(path, language="en") == code
    told = capfd.readouterr().err
    assert told == subprocess.run([sys.executable, str(path)], capture_output=True, text=True).stderr
    assert said in told


def test_a_script_that_fails_keeps_its_code_beside_findings(script, capfd):
    assert run_script(script(BAD + "sys.exit(3)"), json=True) == 3
    assert "out-of-bounds" in capfd.readouterr().out.splitlines()[-1]


def test_a_script_that_is_not_there(capfd, tmp_path):
    assert run_script(tmp_path / "none.py", language="de") == 2
    assert "gibt es nicht" in capfd.readouterr().err


def test_threads_processes_and_handlers_at_the_end_have_the_gpu_and_are_watched(script, capfd, tmp_path):
    """Also where the script goes to another folder, and closes its output."""
    (tmp_path / "beside.py").write_text(BESIDE, encoding="utf-8")
    assert run_script(script(EVERYWHERE), json=True, language="en") == 1
    out, err = capfd.readouterr()
    assert [line for line in out.splitlines() if line.startswith("from")] == [
        "from main [0.0, 0.0, 0.0]",
        "from a thread [1.0, 1.0, 1.0]",
        "from a pool [2.0, 2.0, 2.0]",
        "from a child 14.2.0+lehrwerk 3.0",
    ]
    assert "from the end [3.0, 3.0, 3.0]" in err
    told = json.loads(out.splitlines()[-1])
    assert [(f["kind"], f["file"], f["line"]) for f in told["findings"]] == [
        ("out-of-bounds", str(tmp_path / "beside.py"), 6)
    ]
    assert told["counters"]["launches"] == 4


def test_advice_counts_from_a_documented_amount_on(script, capfd):
    assert f"{WASTE:,}" in FINDINGS.read_text(encoding="utf-8")
    for threads, code in ((WASTE // 32, 0), (WASTE, 1)):
        assert run_script(script(STRIDED), [str(threads)], json=True) == code
        told = json.loads(capfd.readouterr().out.splitlines()[-1])
        assert [f["kind"] for f in told["findings"]] == ["uncoalesced"]


def test_every_kind_is_documented_and_has_a_name():
    page = FINDINGS.read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"`{kind}`" in page, kind
        assert set(report.NAMES[kind]) == {"de", "en"}, kind


def test_a_record_that_no_device_wrote_is_no_record(script, capfd):
    forged = "import os\nopen(os.environ['LEHRWERK_RECORD'], 'w').write('{\"finding\": 3}\\n')"
    assert run_script(script(forged), json=True) == 1
    assert "no device wrote" in capfd.readouterr().err


def test_options_after_the_script_are_the_scripts(script):
    path = script("import sys; print(sys.argv[1:])")
    options = ["--json", "--help", "-x", "--language", "de"]
    done = subprocess.run([*COMMAND, "--json", str(path), *options], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    said, _, told = done.stdout.splitlines()
    assert said == str(options)
    assert json.loads(told)["findings"] == []


def test_a_request_to_end_ends_the_script(script):
    path = script("import signal\nprint('ready', flush=True)\nsignal.pause()")
    with subprocess.Popen([*COMMAND, str(path)], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "ready\n"
        running.terminate()
        assert running.wait(60) == 128 + 15


def test_the_device_is_chosen_by_a_word(monkeypatch):
    from grader.device import cuda

    monkeypatch.delenv("LEHRWERK_DEVICE", raising=False)
    monkeypatch.setattr(cuda, "available", lambda: None)
    assert kernel.resolve() == "emulated"
    with pytest.raises(kernel.NoGpu, match="auto or emulated"):
        kernel.resolve("cuda")
    monkeypatch.setattr(cuda, "available", lambda: "Some GPU")
    assert kernel.resolve() == "cuda"
    assert kernel.install() == "cuda"
    monkeypatch.setenv("LEHRWERK_DEVICE", "emulated")
    assert kernel.resolve() == "emulated"
    with pytest.raises(ValueError, match="must be"):
        kernel.resolve("gpu")


def test_a_kernelspec_for_whatever_is_there(tmp_path, monkeypatch):
    from grader.device import cuda

    for found, shown in ((None, "Python (emulated GPU)"), ("Some GPU", "Python (GPU)")):
        monkeypatch.setattr(cuda, "available", lambda found=found: found)
        folder = kernel.write_kernelspec(tmp_path, sys.executable, "en", "auto")
        spec = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
        assert (spec["display_name"], spec["env"]["LEHRWERK_DEVICE"]) == (shown, "auto")


def test_a_notebook_kernel_brings_the_emulated_gpu(tmp_path, monkeypatch):
    monkeypatch.delenv("LEHRWERK_LANG", raising=False)
    folder = kernel.write_kernelspec(tmp_path, sys.executable, "de", "emulated")
    spec = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    assert (folder.name, spec["display_name"]) == ("python3", "Python (emulated GPU)")
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec_manager.kernel_dirs = [str(tmp_path)]
    manager.kernel_spec_manager.ensure_native_kernel = False
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    said: list[str] = []

    def listen(message):
        content = message["content"]
        said.append(content.get("text", "") or "\n".join(content.get("traceback", [])))

    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(
            "from numba import cuda\n@cuda.jit\ndef f(v):\n    v[cuda.grid(1)] = 1\n"
            "import numpy as np\nv = cuda.to_device(np.zeros(2))\nf[1, 3](v)\nprint(v.copy_to_host())",
            timeout=60,
            output_hook=listen,
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    text = "".join(said)
    assert "Zeile 4  außerhalb des Arrays" in text
    assert "[1. 1.]" in text
