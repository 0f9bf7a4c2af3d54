# As short as it gets: GDB finds lines of assembly, too, and lets the guest go when the script ends.
b open_safe
c
echo key =\ 
output key
echo \n
mon exits
b turn
c
next
next
next
p $x0
printf "dial = %d\n", $
watch money
c
frame
output $pc
printf "\nthief = %p\n", $pc
