def remove_background(film):
    view = cp.asarray(film)
    cp.subtract(view, cp.mean(view, axis=0, keepdims=True), out=view)
    return film
