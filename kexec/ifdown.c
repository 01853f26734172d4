// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"
#include "kexec/ifdown.h"

struct request {
	struct nlmsghdr header;
	struct ifinfomsg link;
};

static int ask(int fd, struct request *r, uint16_t type, uint16_t flags)
{
	r->header = (struct nlmsghdr){
		.nlmsg_len = sizeof(*r), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags,
	};
	return send(fd, r, sizeof(*r), 0) < 0 ? -errno : 0;
}

/* Append the index of every interface to @up; 1 at the end of the list. */
static int ifdown_collect(const uint8_t *answer, size_t len, struct buf *up)
{
	for (const struct nlmsghdr *h = (const void *)answer; NLMSG_OK(h, len);
	     h = NLMSG_NEXT(h, len)) {
		const struct ifinfomsg *link = NLMSG_DATA(h);

		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		if (h->nlmsg_type == RTM_NEWLINK && (link->ifi_flags & IFF_UP) &&
		    !(link->ifi_flags & IFF_LOOPBACK))
			buf_add(up, &link->ifi_index, sizeof(link->ifi_index));
	}
	return 0;
}

static int list_up(int fd, struct buf *up)
{
	_Alignas(struct nlmsghdr) uint8_t answer[32768];
	struct request r = { .link.ifi_family = AF_UNSPEC };
	int rc = ask(fd, &r, RTM_GETLINK, NLM_F_DUMP);

	while (!rc) {
		ssize_t len = recv(fd, answer, sizeof(answer), 0);

		if (len < 0 && errno == EINTR)
			continue;
		rc = len < 0 ? -errno : ifdown_collect(answer, (size_t)len, up);
	}
	return rc < 0 ? rc : 0;
}

/* Without an acknowledgement: one that refuses is no reason to stay. */
static void take_down(int fd, int index)
{
	struct request r = { .link = { .ifi_index = index, .ifi_change = IFF_UP } };

	ask(fd, &r, RTM_NEWLINK, 0);
}

int ifdown_all(void)
{
	int rc, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	BUF_AUTO up = {0};

	if (fd < 0)
		return -errno;
	rc = list_up(fd, &up);
	for (size_t at = 0; rc >= 0 && at < up.len; at += sizeof(int)) {
		int index;

		memcpy(&index, up.data + at, sizeof(index));
		take_down(fd, index);
	}
	close(fd);
	return rc;
}
