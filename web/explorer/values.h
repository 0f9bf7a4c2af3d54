/* An exit's values as the hypervisor has them: struct vcpu_exit, member by member. */
#ifndef WEB_EXPLORER_VALUES_H
#define WEB_EXPLORER_VALUES_H

#include <vitrine/exit.h>

/* A list of names and texts into the answer: what the member of the union that belongs to the reason holds. */
void json_values(const struct vcpu_exit *exit);

#endif
