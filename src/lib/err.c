/* Names of error values. A switch, so that the compiler complains about a value without a name. */
#include "lib/err.h"

#define NAME(err) \
	case err: \
		return #err

const char *vt_err_name(enum vt_err err)
{
	switch (err) {
		NAME(VT_OK);
		NAME(VT_EINVAL);
		NAME(VT_ESTATE);
		NAME(VT_ENOMEM);
		NAME(VT_ENOENT);
		NAME(VT_EEXIST);
		NAME(VT_ENOSYS);
		NAME(VT_EFORMAT);
		NAME(VT_EIO);
	}
	return "?";
}
