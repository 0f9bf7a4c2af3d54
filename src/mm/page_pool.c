/*
 * Page pools: a free list through the pages themselves, so a pool needs no memory beside its pages.
 */
#include "mm/page_pool.h"

#include <stddef.h>

#include "lib/bits.h"
#include "lib/log.h"
#include "mm/phys.h"
#include "mm/zero_pages.h"

static void push(struct page_pool *pool, void *page)
{
	*(void **)page = pool->free;
	pool->free = page;
	pool->free_pages++;
}

/*
 * Pushed from the end, so that pages are handed out in rising order: easier to read in a debugger.
 */
void page_pool_init(struct page_pool *pool, void *memory, unsigned pages)
{
	ASSERT(IS_ALIGNED((uintptr_t)memory, PAGE_BYTES));

	*pool = (struct page_pool){.lock = SPINLOCK_INIT(LOCK_POOL), .total_pages = pages};
	for (unsigned i = pages; i-- > 0;)
		push(pool, (char *)memory + i * PAGE_BYTES);
}

/* Cleared after the lock is gone: by then the page is the caller's alone. */
void *page_pool_take(struct page_pool *pool)
{
	spin_lock(&pool->lock);

	void *page = pool->free;

	if (page) {
		pool->free = *(void **)page;
		pool->free_pages--;
	}
	spin_unlock(&pool->lock);

	if (page)
		zero_pages(page, PAGE_BYTES);
	return page;
}

/*
 * More pages back than were ever taken means that one was given twice: the list would hand it to
 * two tables.
 */
void page_pool_give(struct page_pool *pool, void *page)
{
	ASSERT(page && IS_ALIGNED((uintptr_t)page, PAGE_BYTES));

	spin_lock(&pool->lock);
	ASSERT(pool->free_pages < pool->total_pages);
	push(pool, page);
	spin_unlock(&pool->lock);
}
