"""Where kernels run: one interface, an emulated GPU and a real one. Imports nothing of the project."""
