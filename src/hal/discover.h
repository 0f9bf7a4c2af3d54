/*
 * What the parts of hal_discover() share. Each reader takes the tree, fills in its part of `hal`,
 * and returns NULL or a complaint. Nothing here is for other folders.
 */
#ifndef HAL_DISCOVER_H
#define HAL_DISCOVER_H

#include <stdbool.h>
#include <stdint.h>

/* hal/discover_gicv2.c or hal/discover_gicv3.c */
const char *read_gic(const void *dtb);

/* Of the platform's folder: the console UART, early since it carries complaints; what else it has. */
const char *platform_read_uart(const void *dtb);
const char *platform_read_devices(const void *dtb);

/* hal/discover.c. A complaint, in a static buffer. */
__attribute__((format(printf, 1, 2))) const char *dt_complain(const char *format, ...);
/* Entry `index` of a root child's reg. False: there is none. */
bool dt_reg(const void *dtb, int node, unsigned index, uint64_t *base, uint64_t *size);
/* The first interrupt of a node as a GIC INTID; 0 when it is no shared one. */
uint32_t dt_spi(const void *dtb, int node);
/* No `status` says otherwise. */
bool dt_enabled(const void *dtb, int node);
/* Its name, or "?". */
const char *dt_name(const void *dtb, int node);

#endif
