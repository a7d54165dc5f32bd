/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container's command line says about rclone (rclone.org/commands/rclone_mount,
 * rclone.org/rc): which path it mounts, and where its remote control listens. The process is not
 * run, and a shell's `-c` text is not read.
 */
#ifndef FSH_POLICY_CHECK_RCLONE_H
#define FSH_POLICY_CHECK_RCLONE_H

#include "oci/base/strv.h"
#include "oci/spec/spec.h"
#include <stdbool.h>
#include <stddef.h>

/* An address of the remote control, "host:port" as rclone reads it, with or without "http://" or
 * "tls://" before it. */
struct rc_address {
	char *text; /* as written, or the default "localhost:5572" */
	char *host; /* "" for every address; lower case, without brackets, IPv6 in its short form */
	unsigned int port; /* 0: one that the kernel picks */
};

struct rclone_command {
	bool is_mount; /* an rclone (possibly behind an init such as tini) with the command mount,
			  mount2 or cmount */
	char *mount_path;	      /* simplified; NULL where it cannot be told */
	struct rc_address *addresses; /* empty without --rc; unix sockets are left out */
	size_t n_addresses;
};

/*
 * Scan process.args and process.env: --rc, --rc=BOOL, RCLONE_RC; --rc-addr=A, --rc-addr A, several
 * times or comma separated, RCLONE_RC_ADDR (the command line wins); `rclone rcd` listens without
 * --rc. `path` is the annotated FUSE path of this container or NULL: an argument equal to it (after
 * path_simplify) is taken for the mount path before guessing. A container whose arguments do not
 * name an rclone listens nowhere, whatever its environment. 0 or -ENOMEM.
 *
 * Of several --rc-addr rclone before 1.61 takes the last only, and before 1.67 RCLONE_RC_ADDR is
 * one address. All are counted: that a port is taken in vain is no reason to share it.
 */
int rclone_scan(const struct spec *spec, const char *path, struct rclone_command *ret);
void rclone_command_clear(struct rclone_command *command);

/* Parse one address. 0, -EINVAL where it is none (a unix socket, no port, port over 65535),
 * -ENOMEM. */
int rc_address_parse(const char *text, struct rc_address *ret);
void rc_address_clear(struct rc_address *address);

/* True where two servers in one network namespace could not both listen: the same port, and the
 * same host or either on every address ("", "0.0.0.0", "::": Go listens on both families for each);
 * "localhost" is 127.0.0.1. Port 0 is in nobody's way. */
bool rc_address_conflicts(const struct rc_address *a, const struct rc_address *b);

#endif
