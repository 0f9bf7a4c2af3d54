/*
 * Which device and register a guest's address is: by the VM's own map when the recording has one, else by the map that
 * all our guests had before recordings told it.
 */
#ifndef TRACE_HOST_DEVICES_H
#define TRACE_HOST_DEVICES_H

#include "trace/host/metadata.h"

/* "pl011 UARTDR", "GICD_CTLR", "uart1+0x0018"; outside of devices the page: the exact address is in the arguments. */
void address_name(const struct vm_info *vm, uint64_t ipa, char *to, size_t bytes);

/* Addresses with equal keys have equal names. */
uint64_t address_key(const struct vm_info *vm, uint64_t ipa);

#endif
