def energy_trace(temps, material, table, bath, rate, steps, every):
    mask = material.astype(cp.bool_) if table is None else table[material] > 0
    now, sums = temps, []
    for done in range(0, steps + 1, every):
        if done:
            now = heat_run(now, material, table, bath, rate, every)
        sums.append(cp.sum(now * mask).reshape(1))
    return now, cp.concatenate(sums).astype(cp.float32)
