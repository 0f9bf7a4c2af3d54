/* What start.S and hello.c must agree on. Read by the assembler too, so: #define only. */
#ifndef GUESTS_HELLO_H
#define GUESTS_HELLO_H

#define MAX_VCPUS   8
#define STACK_BYTES 2048

#endif
