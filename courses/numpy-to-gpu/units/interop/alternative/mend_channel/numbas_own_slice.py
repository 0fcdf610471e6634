def mend_channel(image, channel, lag):
    part = cuda.as_cuda_array(image)[:, channel::2]
    threads = 128
    unlag[(part.shape[0] + threads - 1) // threads, threads](part, cuda.as_cuda_array(lag))
