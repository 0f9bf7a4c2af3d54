/*
 * A pool of 4 KiB pages for translation tables. Filled at boot, sized by the manifest; taking and
 * giving back is a free list. Callers hold the lock of whatever the pages belong to; the pool has
 * its own (LOCK_POOL).
 */
#ifndef MM_PAGE_POOL_H
#define MM_PAGE_POOL_H

#include <stdint.h>

#include "lib/spinlock.h"

struct page_pool {
	struct spinlock lock;
	void *free; /* singly linked through the first word of each page */
	unsigned free_pages;
	unsigned total_pages;
};

/* `memory` is page aligned and holds `pages` pages. */
void page_pool_init(struct page_pool *pool, void *memory, unsigned pages);

/* A zeroed page, or NULL when the pool is empty. */
void *page_pool_take(struct page_pool *pool);

void page_pool_give(struct page_pool *pool, void *page);

#endif
