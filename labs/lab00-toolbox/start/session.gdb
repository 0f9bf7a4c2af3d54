# Lab 00, task 3: GDB does this when it is connected, and the guest stands at its first instruction. Its output is what counts:
#   key = ...      the argument of open_safe()
#                  and what `monitor exits` says while the guest stands there
#   dial = ...     what x0 is after three instructions of turn()
#   thief = ...    the function that changes `money` after open_safe()
