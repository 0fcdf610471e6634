"""Kernels with a classic fault each, and right ones that look like them: what the emulated GPU says and when."""
