/*
 * Error values. Functions that can fail return one; nothing else signals an error.
 */
#ifndef VITRINE_ERR_H
#define VITRINE_ERR_H

/** VT_OK, or why not. */
enum vt_err {
	VT_OK = 0,
	VT_EINVAL,  /* an argument is outside its documented range */
	VT_ESTATE,  /* the object is in the wrong state; nothing has changed */
	VT_ENOMEM,  /* a static pool or the machine's memory is exhausted */
	VT_ENOENT,  /* no such object */
	VT_EEXIST,  /* already there */
	VT_ENOSYS,  /* this machine or build cannot do it */
	VT_EFORMAT, /* input data is malformed */
	VT_EIO,	    /* a device refused or failed */
};

#endif
