# finding: wrong-result
def remove_background(film):
    view = cp.asarray(film)
    view = view - view.mean(axis=0)
    return cuda.as_cuda_array(view)
