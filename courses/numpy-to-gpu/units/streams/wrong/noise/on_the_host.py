# finding: host-fallback
def noise(film, dark, piece):
    return (film - dark).std(axis=0)
