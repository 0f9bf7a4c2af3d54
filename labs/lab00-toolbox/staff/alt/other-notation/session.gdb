set language c
tbreak *open_safe
commands
  silent
  printf "key = %lu\n", $x0
  monitor exits
end
c
hbreak turn
continue
set $n = 0
while $n < 3
  si
  set $n = $n + 1
end
echo dial =\ 
output $x0
echo \n
watch *(unsigned long *)&money
continue
echo thief =\ 
info symbol $pc
detach
