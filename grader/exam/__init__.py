"""The exam room: everything that touches foreign code, in walled processes that exchange plain data.

Threat model: the candidate's process is the learner's, from its first instruction on. It may lie about every value,
send any bytes, hang, die, and read or write whatever its walls allow. So no verdict rests on its word about itself:
tests run in the examiner, kernels in the bench, clocks and the verdict in the room. The examiner runs an
instructor's code and is walled from the platform as well.
"""
