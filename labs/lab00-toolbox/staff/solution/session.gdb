# At the safe's door: GDB knows the argument by its name.
break open_safe
continue
printf "key = %#lx\n", key
monitor exits

# turn() is assembly: no name but x0. The star: before its first instruction, not behind what GDB takes for a prologue.
break *turn
continue
stepi 3
printf "dial = %#lx\n", $x0

# Whoever changes it stops.
watch money
continue
printf "thief = %#lx\n", $pc
delete
continue
