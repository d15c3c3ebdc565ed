// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a command: a NIC's flow rules and RSS tables, as far as SIOCETHTOOL reaches them, on the device eth0.
 *
 * NIC_FILE names a file of lines, which the NIC reads before and writes after each request. Whoever tests writes the first four, and reads
 * the others:
 *
 *	queues N		what rules and tables may name
 *	rules N			the size of the rule table; 0: the NIC has no rules
 *	chooses 0|1		whether the driver finds places for rules, from 100 on, as well
 *	contexts N		how many RSS contexts there may be
 *	refuse WHAT ERRNO	what the driver refuses: insert, flow_rss, context, table
 *	configured 0|1		somebody has set the table
 *	table QUEUE...
 *	context ID QUEUE...
 *	rule PLACE MAC QUEUE CONTEXT
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define MANY 64
#define FIRST_CHOICE 100

struct table {
	unsigned int id, size, queues[MANY];
};

struct rule {
	unsigned int place, queue, context;
	unsigned char mac[6];
};

static struct nic {
	unsigned int queues, max_rules, chooses, max_contexts, configured, n_contexts, n_rules, refused;
	char refuses[16];
	struct table table, contexts[MANY];
	struct rule rules[MANY];
} nic;

static void read_table(struct table *t, const char *text)
{
	int used;

	for (t->size = 0; t->size < MANY && sscanf(text, "%u%n", &t->queues[t->size], &used) == 1; t->size++)
		text += used;
}

static void read_line(const char *line)
{
	struct rule r;
	unsigned int id;
	int used = 0;

	sscanf(line, "queues %u", &nic.queues);
	sscanf(line, "rules %u", &nic.max_rules);
	sscanf(line, "chooses %u", &nic.chooses);
	sscanf(line, "contexts %u", &nic.max_contexts);
	sscanf(line, "configured %u", &nic.configured);
	sscanf(line, "refuse %15s %u", nic.refuses, &nic.refused);
	if (!strncmp(line, "table", 5))
		read_table(&nic.table, line + 5);
	if (sscanf(line, "context %u%n", &id, &used) == 1 && nic.n_contexts < MANY) {
		nic.contexts[nic.n_contexts].id = id;
		read_table(&nic.contexts[nic.n_contexts++], line + used);
	}
	if (sscanf(line, "rule %u %hhx:%hhx:%hhx:%hhx:%hhx:%hhx %u %u", &r.place, &r.mac[0], &r.mac[1], &r.mac[2], &r.mac[3], &r.mac[4],
		   &r.mac[5], &r.queue, &r.context) == 9 &&
	    nic.n_rules < MANY)
		nic.rules[nic.n_rules++] = r;
}

static bool load(void)
{
	const char *path = getenv("NIC_FILE");
	FILE *file = path ? fopen(path, "re") : NULL;
	char line[1024];

	memset(&nic, 0, sizeof(nic));
	while (file && fgets(line, sizeof(line), file))
		read_line(line);
	return file && !fclose(file);
}

static void write_table(FILE *file, const struct table *t)
{
	for (unsigned int i = 0; i < t->size; i++)
		fprintf(file, " %u", t->queues[i]);
	fputc('\n', file);
}

static void save(void)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s.new", getenv("NIC_FILE"));
	file = fopen(path, "we");
	if (!file)
		abort();
	fprintf(file, "queues %u\nrules %u\nchooses %u\ncontexts %u\n", nic.queues, nic.max_rules, nic.chooses, nic.max_contexts);
	if (nic.refused)
		fprintf(file, "refuse %s %u\n", nic.refuses, nic.refused);
	fprintf(file, "configured %u\ntable", nic.configured);
	write_table(file, &nic.table);
	for (unsigned int i = 0; i < nic.n_contexts; i++) {
		fprintf(file, "context %u", nic.contexts[i].id);
		write_table(file, &nic.contexts[i]);
	}
	for (unsigned int i = 0; i < nic.n_rules; i++) {
		const struct rule *r = &nic.rules[i];

		fprintf(file, "rule %u %02x:%02x:%02x:%02x:%02x:%02x %u %u\n", r->place, r->mac[0], r->mac[1], r->mac[2], r->mac[3],
			r->mac[4], r->mac[5], r->queue, r->context);
	}
	/* Not rename(): that is a change of the command's own to fault.so. */
	if (fclose(file) || renameat(AT_FDCWD, path, AT_FDCWD, getenv("NIC_FILE")))
		abort();
}

static bool refuses(const char *what)
{
	return nic.refused && !strcmp(nic.refuses, what);
}

static struct rule *rule_at(unsigned int place)
{
	for (unsigned int i = 0; i < nic.n_rules; i++)
		if (nic.rules[i].place == place)
			return &nic.rules[i];
	return NULL;
}

static struct table *context_of(unsigned int id)
{
	for (unsigned int i = 0; i < nic.n_contexts; i++)
		if (nic.contexts[i].id == id)
			return &nic.contexts[i];
	return NULL;
}

static int count_rules(struct ethtool_rxnfc *r)
{
	r->rule_cnt = nic.n_rules;
	r->data = nic.max_rules | (nic.chooses ? RX_CLS_LOC_SPECIAL : 0);
	return 0;
}

static int list_rules(struct ethtool_rxnfc *r)
{
	if (r->rule_cnt < nic.n_rules)
		return EMSGSIZE;
	for (unsigned int i = 0; i < nic.n_rules; i++)
		r->rule_locs[i] = nic.rules[i].place;
	r->rule_cnt = nic.n_rules;
	r->data = nic.max_rules;
	return 0;
}

static int get_rule(struct ethtool_rxnfc *r)
{
	const struct rule *rule = rule_at(r->fs.location);

	if (!rule)
		return ENOENT;
	r->fs.flow_type = ETHER_FLOW | (rule->context ? FLOW_RSS : 0);
	memcpy(r->fs.h_u.ether_spec.h_dest, rule->mac, 6);
	memset(r->fs.m_u.ether_spec.h_dest, 0xff, 6);
	r->fs.ring_cookie = rule->queue;
	if (rule->context)
		r->rss_context = rule->context;
	return 0;
}

static int check_rule(const struct ethtool_rxnfc *r)
{
	if (refuses("insert"))
		return nic.refused;
	if ((r->fs.flow_type & ~FLOW_RSS) != ETHER_FLOW)
		return EOPNOTSUPP;
	if ((r->fs.flow_type & FLOW_RSS) && refuses("flow_rss"))
		return nic.refused;
	if ((r->fs.flow_type & FLOW_RSS) ? !context_of(r->rss_context) : r->fs.ring_cookie >= nic.queues)
		return EINVAL;
	if (nic.n_rules >= nic.max_rules)
		return ENOSPC;
	for (unsigned int i = 0; i < nic.n_rules; i++)
		if (!memcmp(nic.rules[i].mac, r->fs.h_u.ether_spec.h_dest, 6))
			return EEXIST;
	return 0;
}

static int insert_rule(struct ethtool_rxnfc *r)
{
	int err = check_rule(r);
	struct rule *rule;

	if (err)
		return err;
	if (r->fs.location == RX_CLS_LOC_ANY && nic.chooses)
		for (r->fs.location = FIRST_CHOICE; rule_at(r->fs.location);)
			r->fs.location++;
	else if (r->fs.location >= nic.max_rules)
		return EINVAL;
	rule = rule_at(r->fs.location);
	if (!rule)
		rule = &nic.rules[nic.n_rules++];
	*rule = (struct rule){.place = r->fs.location, .queue = r->fs.ring_cookie};
	if (r->fs.flow_type & FLOW_RSS)
		rule->context = r->rss_context;
	memcpy(rule->mac, r->fs.h_u.ether_spec.h_dest, 6);
	save();
	return 0;
}

static int delete_rule(const struct ethtool_rxnfc *r)
{
	struct rule *rule = rule_at(r->fs.location);

	if (!rule)
		return ENOENT;
	*rule = nic.rules[--nic.n_rules];
	save();
	return 0;
}

static int rules(struct ethtool_rxnfc *r)
{
	if (r->cmd == ETHTOOL_GRXRINGS) {
		r->data = nic.queues;
		return 0;
	}
	if (!nic.max_rules)
		return EOPNOTSUPP;
	switch (r->cmd) {
	case ETHTOOL_GRXCLSRLCNT:
		return count_rules(r);
	case ETHTOOL_GRXCLSRLALL:
		return list_rules(r);
	case ETHTOOL_GRXCLSRULE:
		return get_rule(r);
	case ETHTOOL_SRXCLSRLINS:
		return insert_rule(r);
	default:
		return delete_rule(r);
	}
}

static int get_table(struct ethtool_rxfh *r)
{
	const struct table *t = r->rss_context ? context_of(r->rss_context) : &nic.table;
	unsigned int asked = r->indir_size;

	if (!nic.table.size)
		return EOPNOTSUPP;
	if (!t)
		return ENOENT;
	r->indir_size = t->size;
	r->key_size = 0;
	r->hfunc = 1;
	if (asked && asked != t->size)
		return EINVAL;
	for (unsigned int i = 0; i < asked; i++)
		r->rss_config[i] = t->queues[i];
	return 0;
}

static int delete_context(unsigned int id)
{
	struct table *t = context_of(id);

	if (!t)
		return ENOENT;
	for (unsigned int i = 0; i < nic.n_rules; i++)
		if (nic.rules[i].context == id)
			return EBUSY;
	*t = nic.contexts[--nic.n_contexts];
	save();
	return 0;
}

static int reset_table(void)
{
	for (unsigned int i = 0; i < nic.table.size; i++)
		nic.table.queues[i] = i % nic.queues;
	nic.configured = 0;
	save();
	return 0;
}

static struct table *new_context(unsigned int *id)
{
	struct table *t = &nic.contexts[nic.n_contexts];

	for (t->id = 1; context_of(t->id);)
		t->id++;
	t->size = nic.table.size;
	nic.n_contexts++;
	*id = t->id;
	return t;
}

static int check_table(const struct ethtool_rxfh *r)
{
	bool makes = r->rss_context == ETH_RXFH_CONTEXT_ALLOC;

	if (!nic.table.size)
		return EOPNOTSUPP;
	if (refuses(r->rss_context ? "context" : "table"))
		return nic.refused;
	if (makes && nic.n_contexts >= nic.max_contexts)
		return nic.max_contexts ? ENOSPC : EOPNOTSUPP;
	if ((makes || r->indir_size) && r->indir_size != nic.table.size)
		return EINVAL;
	for (unsigned int i = 0; i < r->indir_size; i++)
		if (r->rss_config[i] >= nic.queues)
			return EINVAL;
	return 0;
}

static int set_table(struct ethtool_rxfh *r)
{
	struct table *t = &nic.table;
	int err = check_table(r);

	if (err)
		return err;
	if (!r->indir_size)
		return r->rss_context ? delete_context(r->rss_context) : reset_table();
	if (r->rss_context == ETH_RXFH_CONTEXT_ALLOC)
		t = new_context(&r->rss_context);
	else if (r->rss_context)
		t = context_of(r->rss_context);
	else
		nic.configured = 1;
	if (!t)
		return ENOENT;
	for (unsigned int i = 0; i < t->size; i++)
		t->queues[i] = r->rss_config[i];
	save();
	return 0;
}

/* -1: not the NIC's */
static int answer(const struct ifreq *request)
{
	void *data = request->ifr_data;
	__u32 cmd;

	if (strcmp(request->ifr_name, "eth0"))
		return -1;
	memcpy(&cmd, data, sizeof(cmd));
	switch (cmd) {
	case ETHTOOL_GRXRINGS:
	case ETHTOOL_GRXCLSRLCNT:
	case ETHTOOL_GRXCLSRLALL:
	case ETHTOOL_GRXCLSRULE:
	case ETHTOOL_SRXCLSRLINS:
	case ETHTOOL_SRXCLSRLDEL:
		return load() ? rules(data) : -1;
	case ETHTOOL_GRSSH:
		return load() ? get_table(data) : -1;
	case ETHTOOL_SRSSH:
		return load() ? set_table(data) : -1;
	default:
		return -1;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	int result;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request != SIOCETHTOOL)
		return real(fd, request, arg);
	result = answer(arg);
	if (result < 0)
		return real(fd, request, arg);
	errno = result;
	return result ? -1 : 0;
}
