/* Control words on their way to a running hypervisor: a line of text each. trace/control.c there knows what they mean. */
#ifndef TRACE_HOST_CONTROL_H
#define TRACE_HOST_CONTROL_H

#include <stdbool.h>

/* The end of a recorder that takes control words for the hypervisor: a Unix socket beside the one it records from. */
struct relay {
	int fd; /* listens; -1: none */
	char path[112];
};

/* Listen at SOCKET.control. Without one (SOCKET is HOST:PORT, or its path is too long) fd is -1. */
void relay_open(struct relay *relay, const char *socket);
void relay_close(struct relay *relay);

/* Somebody is there: pass his lines on to `to`. */
void relay_pass(const struct relay *relay, int to);

/* Send one line. False, with a message. */
bool control_send(int fd, const char *words);

#endif
