/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses are compared as sockets and not as text: ":5572" and "0.0.0.0:5572" exclude each
 * other, "localhost:5572" and "127.0.0.1:5572" are one. No resolver is asked.
 */
#include "policy/check/rclone.h"

#include "oci/base/cleanup.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define PORT_MAX 65535

void rc_address_clear(struct rc_address *address)
{
	if (!address)
		return;
	free(address->text);
	free(address->host);
	*address = (struct rc_address){0};
}

/* What rclone 1.74 takes before an address, to say whether it speaks TLS there. */
static const char *skip_scheme(const char *text)
{
	static const char *const schemes[] = {"http://", "tls://"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	return text;
}

/* The host's length, and where its port starts; false where there is no port. Only brackets keep
 * the colons of an IPv6 address from being taken for the port's. */
static bool split_port(const char **host, size_t *ret_length, const char **ret_port)
{
	const char *end;

	if (**host == '[') {
		(*host)++;
		end = strchr(*host, ']');
		if (!end || end[1] != ':')
			return false;
		*ret_port = end + 2;
	} else {
		end = strchr(*host, ':');
		if (!end)
			return false;
		*ret_port = end + 1;
	}
	*ret_length = (size_t)(end - *host);
	return true;
}

static bool parse_port(const char *text, unsigned int *ret)
{
	unsigned int port = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		port = 10 * port + (unsigned int)(*text - '0');
		if (port > PORT_MAX)
			return false;
	}
	*ret = port;
	return true;
}

/* Lower case, and an IPv6 address in its shortest form: it has many. NULL without memory. */
static char *normalize_host(const char *host, size_t length)
{
	cleanup_free char *lower = strndup(host, length);
	char shortest[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (!lower)
		return NULL;
	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (inet_pton(AF_INET6, lower, &address) == 1 &&
		inet_ntop(AF_INET6, &address, shortest, sizeof(shortest)))
		return strdup(shortest);
	return move_ptr(lower);
}

int rc_address_parse(const char *text, struct rc_address *ret)
{
	cleanup_free char *copy = NULL;
	cleanup_free char *normal = NULL;
	const char *host = skip_scheme(text);
	const char *port_text;
	unsigned int port;
	size_t length;

	/* A unix socket: unix:///path, or a bare absolute path. */
	if (*host == '/' || !split_port(&host, &length, &port_text) ||
		!parse_port(port_text, &port))
		return -EINVAL;
	copy = strdup(text);
	normal = normalize_host(host, length);
	if (!copy || !normal)
		return -ENOMEM;
	*ret = (struct rc_address){move_ptr(copy), move_ptr(normal), port};
	return 0;
}

static bool is_every(const char *host)
{
	return !*host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static const char *rc_address_resolve(const char *host)
{
	return strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
}

bool rc_address_conflicts(const struct rc_address *a, const struct rc_address *b)
{
	/* Port 0 is one that the kernel picks among the free ones. */
	if (a->port != b->port || a->port == 0)
		return false;
	return is_every(a->host) || is_every(b->host) ||
	       strcmp(rc_address_resolve(a->host), rc_address_resolve(b->host)) == 0;
}
