/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "memory.h"

struct owned {
	uint32_t	 index;
	struct prefix	 prefix;
};

struct mtu {
	uint32_t	 index;
	uint32_t	 mtu;
};

struct port {
	uint32_t	 index;
	bool		 was_without_ipv6;
};

/* Small unordered arrays: tens of items, looked through from end to end. */
struct memory {
	struct owned	*addresses;
	size_t		 naddresses;
	struct mtu	*mtus;
	size_t		 nmtus;
	struct port	*ports;
	size_t		 nports;
	char		*texts[MEMORY_TEXT_MAX];
};

struct memory *
memory_new(void)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		fatal("netd", "memory");
	return m;
}

void
memory_free(struct memory *m)
{
	int i;

	if (m == NULL)
		return;
	for (i = 0; i < MEMORY_TEXT_MAX; i++)
		free(m->texts[i]);
	free(m->addresses);
	free(m->mtus);
	free(m->ports);
	free(m);
}

/* Room for one more item at the end of the array at *items. */
static void *
grow(void *items, size_t n, size_t size)
{
	void *p = reallocarray(items, n + 1, size);

	if (p == NULL)
		fatal("netd", "memory");
	return p;
}

static struct owned *
address_find(const struct memory *m, uint32_t index, const struct prefix *p)
{
	size_t i;

	for (i = 0; i < m->naddresses; i++)
		if (m->addresses[i].index == index && prefix_equal(&m->addresses[i].prefix, p))
			return &m->addresses[i];
	return NULL;
}

void
memory_address_add(struct memory *m, uint32_t index, const struct prefix *p)
{
	if (address_find(m, index, p) != NULL)
		return;
	m->addresses = grow(m->addresses, m->naddresses, sizeof(*m->addresses));
	m->addresses[m->naddresses].index = index;
	m->addresses[m->naddresses++].prefix = *p;
}

void
memory_address_remove(struct memory *m, uint32_t index, const struct prefix *p)
{
	struct owned *a = address_find(m, index, p);

	if (a != NULL)
		*a = m->addresses[--m->naddresses];
}

bool
memory_address_has(const struct memory *m, uint32_t index, const struct prefix *p)
{
	return address_find(m, index, p) != NULL;
}

static struct mtu *
mtu_find(const struct memory *m, uint32_t index)
{
	size_t i;

	for (i = 0; i < m->nmtus; i++)
		if (m->mtus[i].index == index)
			return &m->mtus[i];
	return NULL;
}

void
memory_mtu_before(struct memory *m, uint32_t index, uint32_t mtu)
{
	if (mtu_find(m, index) != NULL)
		return;
	m->mtus = grow(m->mtus, m->nmtus, sizeof(*m->mtus));
	m->mtus[m->nmtus].index = index;
	m->mtus[m->nmtus++].mtu = mtu;
}

void
memory_mtu_forget(struct memory *m, uint32_t index)
{
	struct mtu *u = mtu_find(m, index);

	if (u != NULL)
		*u = m->mtus[--m->nmtus];
}

uint32_t
memory_mtu_get(const struct memory *m, uint32_t index)
{
	const struct mtu *u = mtu_find(m, index);

	return u != NULL ? u->mtu : 0;
}

void
memory_port_add(struct memory *m, uint32_t index, bool was_without_ipv6)
{
	if (memory_port_has(m, index))
		return;
	m->ports = grow(m->ports, m->nports, sizeof(*m->ports));
	m->ports[m->nports++] = (struct port){ .index = index, .was_without_ipv6 = was_without_ipv6 };
}

bool
memory_port_get(const struct memory *m, uint32_t number, uint32_t *ret_index, bool *ret_was_without_ipv6)
{
	if (number >= m->nports)
		return false;
	*ret_index = m->ports[number].index;
	*ret_was_without_ipv6 = m->ports[number].was_without_ipv6;
	return true;
}

bool
memory_port_has(const struct memory *m, uint32_t index)
{
	size_t i;

	for (i = 0; i < m->nports; i++)
		if (m->ports[i].index == index)
			return true;
	return false;
}

void
memory_ports_forget(struct memory *m)
{
	m->nports = 0;
}

void
memory_link_gone(struct memory *m, uint32_t index)
{
	size_t i;

	memory_mtu_forget(m, index);
	for (i = m->nports; i-- > 0; )
		if (m->ports[i].index == index)
			m->ports[i] = m->ports[--m->nports];
	for (i = m->naddresses; i-- > 0; )
		if (m->addresses[i].index == index)
			m->addresses[i] = m->addresses[--m->naddresses];
}

const char *
memory_text_get(const struct memory *m, enum memory_text which)
{
	return m->texts[which];
}

void
memory_text_set(struct memory *m, enum memory_text which, const char *text)
{
	free(m->texts[which]);
	m->texts[which] = text != NULL ? strdup(text) : NULL;
	if (text != NULL && m->texts[which] == NULL)
		fatal("netd", "memory");
}
