/* What pair.S and pair.c must agree on. Read by the assembler too, so: #define only. */
#ifndef GUESTS_BENCH_PAIR_H
#define GUESTS_BENCH_PAIR_H

/* Words of the mailbox: values of the counter, but for the first three. */
#define MAIL_READY 0
#define MAIL_MODE  1
#define MAIL_DONE  2
#define MAIL_SEND  3 /* before the sender's write of ICC_SGI1R_EL1 */
#define MAIL_SENT  4 /* behind it */
#define MAIL_YIELD 5 /* before the sender's last yield without an answer */
#define MAIL_TAKEN 6 /* the first instruction of the receiver's handler */
#define MAIL_ENDED 7 /* behind its end of interrupt */
#define MAIL_WAIT  8 /* before the receiver waits again */
#define MAIL_WORDS 9

#define MODE_RUN  0 /* the receiver runs */
#define MODE_WAIT 1 /* it waits in WFI */

#endif
