/*
 * What the library's files share: reading a packet, writing a reply, threads, and the handlers.
 */
#ifndef GDBSTUB_INTERNAL_H
#define GDBSTUB_INTERNAL_H

#include "gdbstub.h"

/* From the embedder's C library; a freestanding one need not have <string.h>. */
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);
size_t strlen(const char *text);

/* In a thread id of the protocol: every one. 0 is any one. */
#define GDB_ALL UINT32_MAX

/*
 * What a handler returns, besides an error: GDB_OK is answered by "OK", these by what has been put
 * into the reply, and not at all.
 */
#define GDB_REPLIED  ((enum gdb_err) - 100)
#define GDB_NO_REPLY ((enum gdb_err) - 101)

/*
 * --- args.c: reading a packet from stub->at to stub->end. What is not as it should be sets
 * stub->malformed, and reading goes on harmlessly: so a handler reads all it needs and asks once,
 * by gdb_parsed().
 */
int gdb_hex_digit(uint8_t character);
static inline bool gdb_at_end(const struct gdb_stub *stub)
{
	return stub->at == stub->end;
}

/* It is next, and has been taken. */
int gdb_accept(struct gdb_stub *stub, char character);
int gdb_accept_text(struct gdb_stub *stub, const char *text);
void gdb_expect(struct gdb_stub *stub, char character);
/* 1 to 16 hexadecimal digits. */
uint64_t gdb_number(struct gdb_stub *stub);
/* Into address and length. */
void gdb_range(struct gdb_stub *stub, char separator);
/*
 * Exactly 2 * count digits; bytes may lie where the digits are. When malformed nothing is written.
 */
void gdb_bytes(struct gdb_stub *stub, uint8_t *bytes, size_t count);
/* The rest, its escapes undone in place: begins where stub->at was. Returns how many bytes. */
size_t gdb_binary(struct gdb_stub *stub);
/* From hexadecimal to a C string, in place: as many digits as there are. */
char *gdb_string(struct gdb_stub *stub);
/* Nothing is left, and nothing was malformed. */
int gdb_parsed(const struct gdb_stub *stub);
/* [address, address + length) goes beyond the last address. */
int gdb_wraps(uint64_t address, uint64_t length);

/* --- tx.c: one reply at a time between begin and end or cancel. */
void gdb_send_ack(struct gdb_stub *stub, char ack);
void gdb_flush(struct gdb_stub *stub);
static inline bool gdb_drained(const struct gdb_stub *stub)
{
	return stub->tx_done == stub->tx_count;
}

void gdb_retransmit(struct gdb_stub *stub);
void gdb_reply_begin(struct gdb_stub *stub);
void gdb_reply_end(struct gdb_stub *stub);
void gdb_reply_cancel(struct gdb_stub *stub);
/* Answer as a handler's result asks for. */
void gdb_reply_result(struct gdb_stub *stub, enum gdb_err result);
/* How many characters more a reply can surely hold. */
size_t gdb_reply_room(const struct gdb_stub *stub);
/*
 * The end of the reply's buffer, for at most `most` bytes, as many as *room then says, that are put
 * into the reply behind at most GDB_HEAD_BYTES others.
 */
#define GDB_HEAD_BYTES 18
uint8_t *gdb_spare(struct gdb_stub *stub, uint64_t most, size_t *room);

/* --- put.c: what replies are made of. */
void gdb_put(struct gdb_stub *stub, char character);
void gdb_put_text(struct gdb_stub *stub, const char *text);
/* Hexadecimal, without leading zeros; and behind its name. */
void gdb_put_number(struct gdb_stub *stub, uint64_t value);
void gdb_put_named(struct gdb_stub *stub, const char *name, uint64_t value);
/* Hexadecimal, two digits a byte. */
void gdb_put_bytes(struct gdb_stub *stub, const void *bytes, size_t count);
void gdb_put_byte(struct gdb_stub *stub, uint8_t byte);
void gdb_put_binary(struct gdb_stub *stub, const void *bytes, size_t count);
void gdb_put_thread(struct gdb_stub *stub, struct gdb_thread thread);
/*
 * A piece of a document: from its byte `address` on, at most `length`. In between, put what it
 * consists of.
 */
void gdb_document_begin(struct gdb_stub *stub);
enum gdb_err gdb_document_end(struct gdb_stub *stub);
/* tx.c: one character on its way, runs shortened; and one that a document's end may change. */
void gdb_emit_shortened(struct gdb_stub *stub, uint8_t character);
void gdb_emit_first(struct gdb_stub *stub, char character);
void gdb_change_first(struct gdb_stub *stub, char character);

/* --- threads.c */
struct gdb_thread gdb_thread_id(struct gdb_stub *stub);
/* next_thread(), with its order checked. */
int gdb_next_any(const struct gdb_stub *stub, struct gdb_thread *thread);
/* The same without the processes that this session cannot name. */
int gdb_next_thread(const struct gdb_stub *stub, struct gdb_thread *thread);
int gdb_thread_matches(struct gdb_thread thread, struct gdb_thread selection);
/* The thread that `selection` means, rather the one that stopped last; tid 0: there is none. */
struct gdb_thread gdb_pick_thread(const struct gdb_stub *stub, struct gdb_thread selection);
int gdb_thread_exists(const struct gdb_stub *stub, struct gdb_thread selection);
int gdb_process_exists(const struct gdb_stub *stub, uint64_t pid);

/* --- session.c */
void gdb_new_session(struct gdb_stub *stub);
void gdb_advance(struct gdb_stub *stub);
void gdb_interrupt(struct gdb_stub *stub);
/* From now on the target runs, and GDB waits for its stop, or does not. */
void gdb_set_running(struct gdb_stub *stub, bool awaited);
/*
 * The same for a packet that the stop will answer. If what was to make it run has failed, all is as
 * it was.
 */
void gdb_begin_run(struct gdb_stub *stub, bool awaited);
enum gdb_err gdb_end_run(struct gdb_stub *stub, enum gdb_err result);
void gdb_drop_breakpoints(struct gdb_stub *stub, uint32_t pid);

/* --- packets.c: the packet in the buffer. And: has the target this table of functions? */
#define GDB_TABLE(name) (offsetof(struct gdb_ops, name) / sizeof(void *))
int gdb_has_table(const struct gdb_stub *stub, unsigned table);
enum gdb_err gdb_handle_packet(struct gdb_stub *stub);

/* --- stop.c, regs.c, memory.c */
void gdb_put_stop(struct gdb_stub *stub);
/* 0: there is none of this number. */
size_t gdb_register_bytes(const struct gdb_stub *stub, uint64_t reg);
/* Of stub->thread; *bytes is its size. */
enum gdb_err gdb_read_register(struct gdb_stub *stub, uint64_t reg, uint8_t *value, size_t *bytes);

/* --- vfile.c: whose program this path is; 0: nobody's. */
uint32_t gdb_owner_of(struct gdb_stub *stub, const char *name);

/* --- agent_table.c */
int gdb_agent_present(const struct gdb_stub *stub);
/* Keep what the rest of a Z packet says for this breakpoint, instead of earlier lists. */
enum gdb_err gdb_agent_store(struct gdb_stub *stub, bool hardware);
/* address NULL: of all breakpoints; pid 0: of all processes. */
void gdb_agent_forget(struct gdb_stub *stub, uint32_t pid, bool hardware, const uint64_t *address);

/* --- agent.c */
/* `printer`: where its printf goes; NULL: it may not print. False: it could not be evaluated. */
bool gdb_agent_run(const struct gdb_stub *stub, struct gdb_stub *printer, struct gdb_thread thread,
		   const uint8_t *code, size_t count, uint64_t *result);

/* --- agent_print.c: format is NUL-terminated; the first argument is the last in args. */
void gdb_agent_print(struct gdb_stub *stub, struct gdb_thread thread, const char *format,
		     const uint64_t *args, size_t count);

/* --- The handlers; packets.c says which packet each is for, and what has been read for it. */
typedef enum gdb_err gdb_handler(struct gdb_stub *stub);

gdb_handler gdb_do_supported, gdb_do_no_ack, gdb_do_extended, gdb_do_vcont_query;
gdb_handler gdb_do_select_g, gdb_do_select_c, gdb_do_alive, gdb_do_current, gdb_do_first_threads;
gdb_handler gdb_do_more_threads, gdb_do_thread_text, gdb_do_attached, gdb_do_offsets;
gdb_handler gdb_do_read_all, gdb_do_write_all, gdb_do_read_one, gdb_do_write_one;
gdb_handler gdb_do_read_memory, gdb_do_write_hex, gdb_do_write_binary, gdb_do_crc, gdb_do_search;
gdb_handler gdb_do_reason, gdb_do_vcont, gdb_do_go, gdb_do_detach, gdb_do_kill_all, gdb_do_kill;
gdb_handler gdb_do_attach, gdb_do_run, gdb_do_restart;
gdb_handler gdb_do_point, gdb_do_monitor;
gdb_handler gdb_do_features, gdb_do_thread_list, gdb_do_exec_path;
gdb_handler gdb_do_file_system, gdb_do_file_open, gdb_do_file_read, gdb_do_file_stat,
	gdb_do_file_close;

#endif
