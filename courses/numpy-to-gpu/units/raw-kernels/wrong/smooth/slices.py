# finding: many-launches
def smooth(buffer, height):
    result = buffer.copy()
    image = cp.pad(buffer[:height], 1, mode="edge")
    around = image[:-2, 1:-1] + image[2:, 1:-1] + image[1:-1, :-2] + image[1:-1, 2:]
    result[:height] = (4 * image[1:-1, 1:-1] + around) / 8
    return result
