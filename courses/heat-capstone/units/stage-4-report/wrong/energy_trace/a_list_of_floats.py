# finding: host-fallback
def energy_trace(temps, material, table, bath, rate, steps, every):
    there = table[material] > 0
    now = temps
    energy = [float(now[there].sum())]
    for _ in range(steps // every):
        now = heat_run(now, material, table, bath, rate, every)
        energy.append(float(now[there].sum()))
    return now, cp.asarray(energy, cp.float32)
