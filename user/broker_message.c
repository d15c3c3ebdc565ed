// SPDX-License-Identifier: GPL-2.0-only
#include "broker_message.h"

#include <limits.h>
#include <string.h>

static const struct form {
	const char *word, *nak;
	enum vtx_ask ask;
	unsigned int numbers, fds;
	bool text; /* one parameter, any text */
	bool reasons;
} forms[] = {
	{"/connect", "/host_nak", VTX_ASK_CONNECT, 0, 0, true, false},
	{"/version", "/nak", VTX_ASK_VERSION, 0, 0, false, false},
	{"/xsk_map_fd", "/fd_nak", VTX_ASK_MAP, 0, 0, true, false},
	{"/config_busy_poll", "/config_busy_poll_nak", VTX_ASK_BUSY_POLL, 2, 1, false, false},
	{"/fin", "/nak", VTX_ASK_FIN, 0, 0, false, false},
	{"/vtx_port", "/vtx_nak", VTX_ASK_PORT, 0, 0, false, true},
	{"/vtx_socket", "/vtx_nak", VTX_ASK_SOCKET, 1, 0, false, true},
	{"/vtx_bound", "/vtx_nak", VTX_ASK_BOUND, 1, 1, false, true},
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* Digits only, to the comma or the end; *@at is moved behind them. */
static bool read_number(const char **at, uint32_t *number)
{
	uint64_t n = 0;
	const char *c = *at;

	for (; *c >= '0' && *c <= '9' && n <= INT_MAX; c++)
		n = n * 10 + (uint64_t)(*c - '0');
	if (c == *at || n > INT_MAX || (*c && *c != ','))
		return false;
	*number = (uint32_t)n;
	*at = c;
	return true;
}

/* @rest begins with a comma, or is empty. */
static bool read_parameters(const struct form *form, const char *rest, struct vtx_request *request)
{
	if (form->text) {
		if (rest[0] != ',')
			return false;
		strcpy(request->text, rest + 1); /* both have room for the longest packet */
		return true;
	}
	for (unsigned int i = 0; i < form->numbers; i++) {
		if (*rest++ != ',')
			return false;
		if (!read_number(&rest, &request->numbers[i]))
			return false;
	}
	return !*rest;
}

static bool parse(const char *line, unsigned int fds, struct vtx_request *request)
{
	size_t len = strcspn(line, ",");

	for (const struct form *form = forms; form < forms + FORMS; form++) {
		if (strlen(form->word) != len || strncmp(form->word, line, len))
			continue;
		request->ask = form->ask;
		return fds == form->fds && read_parameters(form, line + len, request);
	}
	return false;
}

void vtx_request_parse(const char *packet, size_t size, unsigned int fds, struct vtx_request *request)
{
	char line[VTX_REQUEST_MAX];

	*request = (struct vtx_request){.ask = VTX_ASK_UNKNOWN};
	if (size && !packet[size - 1])
		size--;
	if (size >= sizeof(line) || memchr(packet, 0, size))
		return;
	memcpy(line, packet, size);
	line[size] = '\0';
	if (!parse(line, fds, request))
		*request = (struct vtx_request){.ask = VTX_ASK_UNKNOWN};
}

static const struct form *form_of(enum vtx_ask ask)
{
	for (size_t i = 0; i < FORMS; i++)
		if (forms[i].ask == ask)
			return &forms[i];
	return NULL;
}

const char *vtx_request_nak(enum vtx_ask ask)
{
	const struct form *form = form_of(ask);

	return form ? form->nak : "/nak";
}

bool vtx_request_reasons(enum vtx_ask ask)
{
	const struct form *form = form_of(ask);

	return form && form->reasons;
}
