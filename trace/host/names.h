/*
 * What a person calls an exit: "MMIO write pl011 UARTDR", "hypercall PSCI_VERSION", "irq 27 vtimer".
 *
 * Pure: a record in, text out. Names come from the .def tables beside this file and the recording alone. `vm` is the
 * VM that the exit belongs to, for its device map; NULL: no VM is known.
 */
#ifndef TRACE_HOST_NAMES_H
#define TRACE_HOST_NAMES_H

#include "trace/host/metadata.h"

#define EXIT_NAME_BYTES 96u

enum exit_reason_id {
#define REASON(name, text) REASON_##name,
#include "core/exit_reasons.def"
#undef REASON
	REASON_COUNT
};

/* "MMIO_WRITE", "MMIO write"; "REASON_42" and "exit 42" for reasons newer than this build. */
void reason_symbol(uint8_t reason, char *to, size_t bytes);
void reason_text(uint8_t reason, char *to, size_t bytes);

/* "EXIT", or NULL. */
const char *event_symbol(uint8_t event);

/* ESR_EL2.EC in words; never NULL. */
const char *ec_text(uint32_t esr);

/* The colour group of an exit in the UI. */
const char *exit_category(uint8_t reason);

/* "RUNNING"; "STATE_42" is "?". */
const char *vcpu_state_text(uint8_t state);

/* Exits of one VM with equal keys have equal names. `target`: the vCPU that a PSCI call is about, or TRACE_NO_VCPU. */
uint64_t exit_name_key(const struct vm_info *vm, const struct record *exit, uint32_t target);
void exit_name(const struct vm_info *vm, const struct record *exit, uint32_t target, char *to,
	       size_t bytes);

/* "PSCI_VERSION", or the number. */
void function_name(uint32_t id, char *to, size_t bytes);

/* "ICC_SGI1R_EL1", or "S3_0_C12_C11_5", of a trapped access. */
void sysreg_name(uint32_t esr, char *to, size_t bytes);

/* "27 vtimer"; just the number when the INTID has no fixed meaning. */
void interrupt_name(uint32_t intid, char *to, size_t bytes);

/* Which of its two values an exit of this reason shows as what. */
enum value_meaning { VALUE_NONE, VALUE_IPA, VALUE_DATA, VALUE_INTID, VALUE_FUNCTION, VALUE_FAR };
enum value_meaning exit_value_meaning(uint8_t reason, unsigned which);

static inline bool is_mmio(uint8_t reason)
{
	return reason == REASON_MMIO_READ || reason == REASON_MMIO_WRITE;
}

#endif
