# finding: wrong-type
def energy_trace(temps, material, table, bath, rate, steps, every):
    there = table[material] > 0
    now = temps
    energy = cp.empty(steps // every + 1)
    energy[0] = cp.where(there, now, 0).sum()
    for part in range(steps // every):
        now = heat_run(now, material, table, bath, rate, every)
        energy[part + 1] = cp.where(there, now, 0).sum()
    return now, energy
