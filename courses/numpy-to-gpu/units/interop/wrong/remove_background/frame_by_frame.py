# finding: many-launches
def remove_background(film):
    view = cp.asarray(film)
    background = view.mean(axis=0)
    for frame in view:
        frame -= background
