/* The name of an error value, for log lines. */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include <vitrine/err.h>

/* "VT_EINVAL" and so on; "?" for what is none. */
const char *vt_err_name(enum vt_err err);

#endif
