"""Python imports this by itself where its folder is on PYTHONPATH: the process has the emulated GPU."""

from grader.device.frontends.process import begin

begin()
