// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/progress.h"
#include "kexec/arch/arch.h"
#include "kexec/cmdline.h"
#include "kexec/image.h"

void image_init(struct image *image, const struct machine *machine)
{
	*image = (struct image){ .machine = machine, .reboot_cpu = -1 };
}

void image_free(struct image *image)
{
	ranges_free(&image->dtb_reserve);
	ranges_free(&image->free);
	ranges_free(&image->usable);
	ranges_free(&image->dump);
	ranges_free(&image->core.dump);
	ranges_free(&image->reserve);
	arena_free(&image->arena);
}

void image_doubt(struct image *image, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	if (image->n_doubts < IMAGE_DOUBTS_MAX)
		image->doubt[image->n_doubts++] = arena_string(&image->arena, text, strlen(text));
	free(text);
}

void image_warn(const struct image *image)
{
	for (unsigned int i = 0; i < image->n_doubts; i++)
		warn("%s", image->doubt[i]);
}

/*
 * What can never be placed is not read, nor are gigabytes read for nothing. Where
 * there is no room at all the planner has better words.
 */
static int check_room(const struct image *image, bool crash, const char *what, uint64_t size)
{
	const struct machine *m = image->machine;
	uint64_t room = crash ? m->crash.end - m->crash.start : 0;
	const char *where = "the crash region";

	if (!room) {
		room = ranges_total(&m->ram);
		where = "memory";
	}
	if (size <= room || !room)
		return 0;
	return fail(ENOSPC,
		    "%s: Could not find a free area of memory of 0x%" PRIx64 " bytes (%" PRIu64
		    " KiB) in %s, which has 0x%" PRIx64,
		    what, size, (size + 1023) >> 10, where, room);
}

static int read_dtb(struct image *image, struct files *f, const struct plan_request *request)
{
	const char *path = request->dtb;
	int rc = f->dtb.name ? 0 : file_open(&f->dtb, path);

	if (rc >= 0)
		rc = check_room(image, request->crash, "device tree", f->dtb.size);
	if (rc >= 0)
		rc = file_read(&f->dtb);
	if (rc >= 0 && !f->dtb_tree)
		rc = dt_read_blob(&f->arena, f->dtb.data, f->dtb.size, &f->dtb_tree,
				  &f->dtb_reserve);
	return rc < 0 ? fail_in(rc, "--dtb %s", path) : 0;
}

static int read_kernel(struct image *image, struct files *f, const struct plan_request *request)
{
	int rc = files_open_kernel(f, request, image->machine->arch);

	if (rc >= 0)
		rc = check_room(image, request->crash, "kernel", f->kernel.high - f->kernel.low);
	progress_begin(FILES_STEP_KERNEL);
	rc = rc < 0 ? rc : kernel_read(&f->kernel);
	progress_end();
	return rc;
}

static int read_initrd(struct image *image, struct files *f, const struct plan_request *request)
{
	uint64_t size;
	int rc = files_open_initrd(f, request, image->machine->arch, &size);

	if (rc >= 0)
		rc = check_room(image, request->crash, "initrd", size);
	progress_begin(FILES_STEP_INITRD);
	if (rc >= 0 && f->initrd.name)
		rc = initrd_read(&f->initrd);
	progress_end();
	return rc >= 0 || rc == -ENOSPC ? rc : fail_in(rc, "Could not open initrd file");
}

struct failure image_open(struct image *image, struct files *f, const struct plan_request *request)
{
	int rc = read_kernel(image, f, request);
	struct failure failure;

	if (rc >= 0 && request->dtb)
		rc = read_dtb(image, f, request);
	failure = failure_of(PHASE_FILES, rc);
	if (rc >= 0)
		failure = failure_of(PHASE_INITRD, read_initrd(image, f, request));
	image->kernel = f->kernel;
	image->initrd = f->initrd;
	image->dtb = f->dtb;
	image->dtb_tree = f->dtb_tree;
	ranges_copy(&image->dtb_reserve, &f->dtb_reserve);
	image->request = cmdline_with_inside(request, f->kernel.cmdline);
	return failure;
}

/* The lowest or highest place for @size bytes in one free range. */
static bool image_fits(const struct range *r, uint64_t size, uint64_t align, struct placement p,
		 uint64_t *addr)
{
	uint64_t end = p.below && p.below < r->end ? p.below : r->end;
	uint64_t start = p.above > r->start ? p.above : r->start;

	if (p.top_down) {
		*addr = end < size ? 0 : round_down64(end - size, align);
		return end >= size && *addr >= start;
	}
	return round_up_ok(start, align, addr) && *addr < end && end - *addr >= size;
}

static bool find_in(const struct ranges *free, uint64_t size, uint64_t align, struct placement p,
		    uint64_t *addr)
{
	for (size_t i = 0; i < free->n; i++)
		if (image_fits(&free->at[p.top_down ? free->n - 1 - i : i], size, align, p, addr))
			return true;
	return false;
}

/* Outside of what is spare, if there is such a place. */
static bool find_hole(const struct image *image, uint64_t size, uint64_t align, struct placement p,
		      uint64_t *addr)
{
	RANGES_AUTO first = {0};

	ranges_copy(&first, &image->free);
	ranges_subtract_one(&first, image->spare.start, image->spare.end);
	return find_in(&first, size, align, p, addr) || find_in(&image->free, size, align, p, addr);
}

static uint64_t largest_hole(const struct image *image)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < image->free.n; i++)
		if (image->free.at[i].end - image->free.at[i].start > largest)
			largest = image->free.at[i].end - image->free.at[i].start;
	return largest;
}

static int no_hole(const struct image *image, const char *what, uint64_t size,
		   const struct placement *p)
{
	STRING_AUTO above = p->above ? mem_printf(" above 0x%" PRIx64, p->above) :
				       mem_copy_string("");
	STRING_AUTO below = p->below && p->below != UINT64_MAX ?
		mem_printf(" below 0x%" PRIx64 " (as far as early boot reaches here)", p->below) :
		mem_copy_string("");

	return fail(ENOSPC,
		    "%s: Could not find a free area of memory of 0x%" PRIx64 " bytes (%" PRIu64
		    " KiB) in %s%s%s; the largest free piece has 0x%" PRIx64 " bytes. %s",
		    what, size, (size + 1023) >> 10, image->room, above, below, largest_hole(image),
		    image->more_room);
}

static int image_take(struct image *image, const char *what, uint64_t size, struct placement p,
		uint64_t *addr)
{
	uint64_t align = p.align > image->machine->page_size ? p.align : image->machine->page_size;

	if (!find_hole(image, size, align, p, addr))
		return no_hole(image, what, size, &p);
	ranges_subtract_one(&image->free, *addr, *addr + size);
	debug("%s: 0x%" PRIx64 "-0x%" PRIx64 ", the %s place aligned to 0x%" PRIx64, what, *addr,
	      *addr + size, p.top_down ? "highest" : "lowest", align);
	return 0;
}

int image_leave_pages(struct image *image, uint64_t pages)
{
	uint64_t addr;

	return image_take(image, "the running kernel's own pages",
			  pages * image->machine->page_size, (struct placement){ 0 }, &addr);
}

struct placement image_early(const struct image *image, uint64_t align)
{
	const struct needs *n = &image->needs;
	struct placement p = { .align = align, .below = n->below, .top_down = n->top_down };

	if (n->window) {
		p.above = image->kernel_base;
		p.below = round_down64(image->kernel_base, n->window_align) + n->window;
	}
	return p;
}

static int image_append(struct image *image, struct segment s)
{
	if (image->n_segments == SEGMENT_MAX)
		return fail(E2BIG, "%s: the image needs more than the %d segments which the kernel"
			    " takes", s.name, SEGMENT_MAX);
	s.digest = s.digest && !image->no_checks;
	image->segment[image->n_segments++] = s;
	return 0;
}

int image_place(struct image *image, struct segment s, struct placement p)
{
	int rc;

	if (!round_up_ok(s.memsz, image->machine->page_size, &s.memsz))
		return fail(EOVERFLOW, "%s: is too large", s.name);
	rc = image_take(image, s.name, s.memsz, p, &s.addr);
	return rc < 0 ? rc : image_append(image, s);
}

/* One segment for piece[from, to). Data that is one piece from a page's start is used in place. */
static int append_pieces(struct image *image, unsigned int from, unsigned int to, uint64_t shift)
{
	const struct kernel *k = &image->kernel;
	const struct kernel_piece *first = &k->piece[from], *last = &k->piece[to - 1];
	uint64_t page = image->machine->page_size;
	uint64_t start = round_down64(first->addr + shift, page);
	uint64_t end = last->addr + shift + last->memsz;
	struct segment s = {
		.role = from ? ROLE_KERNEL_MORE : ROLE_KERNEL,
		.name = from ? arena_printf(&image->arena, "kernel-%u", from + 1) : "kernel",
		.owner = k->file.name, .addr = start,
		.memsz = round_up64(end, page) - start, .digest = true,
	};

	if (to == from + 1 && start == first->addr + shift) {
		s.data = first->data;
		s.bufsz = first->filesz;
	} else {
		uint8_t *joined;

		s.bufsz = last->addr + shift + last->filesz - start;
		s.data = joined = arena_alloc(&image->arena, s.bufsz);
		for (unsigned int i = from; i < to; i++)
			memcpy(joined + (k->piece[i].addr + shift - start), k->piece[i].data,
			       k->piece[i].filesz);
	}
	return image_append(image, s);
}

/* A kernel that cannot move goes exactly where it was linked. */
static int take_fixed(struct image *image, uint64_t start, uint64_t size)
{
	if (!ranges_cover(&image->free, start, start + size))
		return fail(ENOSPC,
			    "kernel: is not relocatable and linked for 0x%" PRIx64 "-0x%" PRIx64
			    ", which is not free in %s; use a kernel with CONFIG_RELOCATABLE",
			    start, start + size, image->room);
	ranges_subtract_one(&image->free, start, start + size);
	return 0;
}

/* Where page @low of the linked image goes. */
static int take_kernel(struct image *image, struct placement p, uint64_t low, uint64_t *start)
{
	const struct kernel *k = &image->kernel;
	uint64_t size;

	if (!round_up_ok(k->high - low, image->machine->page_size, &size) ||
	    size > ranges_total(&image->free))
		return no_hole(image, "kernel", k->high - low, &p);
	*start = low;
	return k->relocatable ? image_take(image, "kernel", size, p, start)
			      : take_fixed(image, low, size);
}

int image_place_kernel(struct image *image, struct placement p, uint64_t *base)
{
	const struct kernel *k = &image->kernel;
	uint64_t page = image->machine->page_size;
	uint64_t low = round_down64(k->low, p.align > page && k->relocatable ? p.align : page);
	unsigned int from = 0;
	uint64_t start;
	int rc = take_kernel(image, p, low, &start);

	if (rc < 0)
		return rc;
	*base = start + (k->low - low);
	for (unsigned int i = 1; i <= k->n_pieces && rc >= 0; i++) {
		const struct kernel_piece *last = &k->piece[i - 1];

		if (i < k->n_pieces && round_down64(k->piece[i].addr, page) <
				       round_up64(last->addr + last->memsz, page))
			continue;
		rc = append_pieces(image, from, i, start - low);
		from = i;
	}
	return rc;
}

struct segment *image_segment(const struct image *image, enum role role)
{
	for (unsigned int i = 0; i < image->n_segments; i++)
		if (image->segment[i].role == role)
			return (struct segment *)&image->segment[i];
	return NULL;
}

uint64_t image_address(const struct image *image, enum role role)
{
	const struct segment *s = image_segment(image, role);

	return s ? s->addr : 0;
}
