def smoothed(row, steps):
    pair = [cuda.to_device(row), cuda.device_array(len(row), np.float32)]
    for step in range(steps):
        smooth[4, 256](pair[step % 2], pair[1 - step % 2])
    result = np.empty_like(row)
    pair[steps % 2].copy_to_host(result)
    return result
