"""A script on the emulated GPU, and the notebook kernel that brings it."""

import json
import sys

import pytest
from jupyter_client.manager import KernelManager

from grader.device import kernel
from grader.device.frontends.run import run_script

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


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_script_runs_as_a_script(script, capsys):
    before = list(sys.argv)
    assert run_script(script(GOOD), ["one", "two"], language="en") == 0
    out = capsys.readouterr().out
    assert "['one', 'two'] [0.0, 2.0, 4.0, 6.0] __main__" in out
    assert "1 kernel launches" in out
    assert sys.argv == before
    assert "cupy" not in sys.modules


def test_an_error_in_a_kernel_is_shown_and_is_the_exit_code(script, capsys):
    assert run_script(script(BAD), language="de") == 1
    assert "Zeile 11  außerhalb des Arrays" in capsys.readouterr().out


def test_as_json_the_last_line_has_everything(script, capsys):
    assert run_script(script(BAD), json=True, language="en") == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert next((f["kind"], f["line"], f["severity"]) for f in told["findings"]) == ("out-of-bounds", 11, "error")
    assert (told["device"], told["counters"]["launches"], told["exit"]) == ("emulated", 1, 1)


def test_a_failing_script_fails(script, capsys, tmp_path):
    assert run_script(script("raise ValueError('no')"), language="en") == 2
    assert "ValueError: no" in capsys.readouterr().err
    assert run_script(script("import sys; sys.exit(7)"), language="en") == 7
    assert run_script(tmp_path / "none.py", language="en") == 2
    assert "no such file" in capsys.readouterr().err


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
