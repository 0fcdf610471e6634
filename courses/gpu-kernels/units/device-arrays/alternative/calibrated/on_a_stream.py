def calibrated(raw):
    stream = cuda.stream()
    there = cuda.device_array(raw.shape, raw.dtype, stream=stream)
    there.copy_to_device(raw, stream=stream)
    room = cuda.device_array(raw.shape, np.float32, stream=stream)
    calibrate.forall(raw.size, stream=stream)(there, room)
    result = room.copy_to_host(stream=stream)
    stream.synchronize()
    return result
