"""The hidden half of the checks: other plates, and messages that do not name them. Code: Apache-2.0."""

import checks
import cupy as cp
import numpy as np

from grader.checks import CheckFinding, LearnerError, OnDevice, Part, Report, current

RUNS = ((1, 1, 3), (1, 66, 2), (33, 1, 3), (17, 9, 9), (8, 40, 2), (5, 5, 0))
TRACES = ((1, 1, 3, 1), (1, 40, 2, 2), (13, 1, 4, 2), (9, 18, 6, 3), (17, 35, 3, 1))
#: (height, width, steps) where there is a GPU: long enough that the way of the arrays to it hardly counts.
TIMED = (512, 768, 200)
#: Starting values, not calibrated on a GPU yet: the share of the model solution's speed.
BANDS = {0.6: 2, 0.3: 1}

_step = cp.RawKernel(
    r"""
__device__ float face(float a, float b) {
  return a * b > 0.0f ? 2.0f * a * b / (a + b) : 0.0f;
}

extern "C" __global__ void step(const float* now, const unsigned char* material, const float* table, float bath,
                                float rate, float* out, int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int i = y * width + x;
  float heat = now[i], own = table[material[i]], change = 0.0f;
  if (x == 0) change += 2.0f * own * (bath - heat);
  if (x > 0) change += face(own, table[material[i - 1]]) * (now[i - 1] - heat);
  if (x + 1 < width) change += face(own, table[material[i + 1]]) * (now[i + 1] - heat);
  if (y > 0) change += face(own, table[material[i - width]]) * (now[i - width] - heat);
  if (y + 1 < height) change += face(own, table[material[i + width]]) * (now[i + width] - heat);
  out[i] = heat + rate * change;
}
""",
    "step",
)


def model(temps, material, table, bath, rate, steps):
    height, width = temps.shape
    now, new = temps.copy(), cp.empty_like(temps)
    grid = (-(-width // 32), -(-height // 8))
    numbers = np.float32(bath), np.float32(rate)
    for _ in range(steps):
        _step(grid, (32, 8), (now, material, table, *numbers, new, np.int32(height), np.int32(width)))
        now, new = new, now
    return now


def heat_run(function):
    report = checks.heat_run(function, RUNS, hidden=True, timed=(TIMED, model, BANDS))
    right = any(part.name == "correct" and part.points == part.max for part in report.parts)
    return report + same_bits(function, right)


def same_bits(function, right):
    """A report: a point where two calls with the same inputs give the same bits, of a function that is `right`."""
    surroundings = current()
    part = {"en": "same bits in every run", "de": "dieselben Bits in jedem Lauf"}[surroundings.language]
    findings = []
    if right:
        arguments = checks.plate(np.random.default_rng(getattr(surroundings, "seed", None)), (19, 44, 6))
        sent = [OnDevice(one) if isinstance(one, np.ndarray) else one for one in arguments]
        try:
            runs = [surroundings.call(function, sent, {})[0] for _ in range(3)]
            right = len({np.asarray(one.array).tobytes() for one in runs}) == 1
        except (LearnerError, AttributeError):
            right = False
        if not right:
            text = {
                "en": "Two runs with the same inputs differ. Who writes what another one reads?",
                "de": "Zwei Läufe mit denselben Eingaben unterscheiden sich. Wer schreibt, was ein anderer liest?",
            }
            findings.append(CheckFinding("wrong-result", text))
    return Report(
        [Part(part, float(right), 1.0)], findings, name="heat_run", hidden=True, language=surroundings.language
    )


def energy_trace(function):
    return checks.energy_trace(function, TRACES, hidden=True)
