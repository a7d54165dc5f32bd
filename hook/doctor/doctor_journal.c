/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what the hook has to say arrives, and can be explained. */
#include "hook/doctor/doctor.h"
#include "hook/journal/journal.h"
#include "hook/journal/message_ids.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/programs.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define DATABASE "/var/lib/systemd/catalog/database"
#define DATABASE_MAX (64UL * 1024 * 1024)
#define ID_SIZE 16

static const char *const catalogs[] = {"/usr/lib/systemd/catalog/fuse-sidecar-hook.catalog",
	"/usr/local/lib/systemd/catalog/fuse-sidecar-hook.catalog",
	"/etc/systemd/catalog/fuse-sidecar-hook.catalog"};

static struct iovec journal_field(char *text)
{
	return (struct iovec){.iov_base = text, .iov_len = strlen(text)};
}

static void check_socket(struct doctor *doctor)
{
	const struct iovec fields[] = {
		journal_field(
			(char[]){"MESSAGE=doctor: this entry only asks whether the journal reads"}),
		journal_field((char[]){"PRIORITY=7"}),
		journal_field((char[]){"SYSLOG_IDENTIFIER=" HOOK_PROGRAM}),
		journal_field((char[]){"FUSE_SIDECAR_STAGE=doctor"}),
	};
	int r = journal_send(NULL, fields, ARRAY_SIZE(fields));

	if (r == 0)
		doctor_report_ok(&doctor->report, CHECK_JOURNAL, "the journal took an entry");
	else if (r == -EAGAIN || r == -EINTR)
		doctor_report_warn(&doctor->report, CHECK_JOURNAL,
			"systemctl restart systemd-journald",
			"systemd-journald does not read what it is sent");
	else
		doctor_report_warn(&doctor->report, CHECK_JOURNAL,
			"systemctl start systemd-journald",
			"systemd-journald does not run (%s): the hook writes to standard error, "
			"which crun discards",
			strerror(-r));
}

/* The 16 bytes of an id that is written in hex. */
static void parse_id(const char *text, unsigned char id[ID_SIZE])
{
	for (size_t i = 0; i < ID_SIZE; i++) {
		const char pair[] = {text[2 * i], text[2 * i + 1], '\0'};

		id[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
}

/* journalctl looks entries up in a database that `journalctl --update-catalog` makes. */
static bool knows_ids(const struct doctor *doctor)
{
	static const char *const ids[] = {
#define X(kind, id) id,
		AUDIT_MESSAGE_IDS(X)
#undef X
	};
	cleanup_close int fd = doctor_open(doctor, DATABASE, O_RDONLY);
	cleanup_free char *data = NULL;
	size_t size = 0;

	if (fd < 0 || input_read_fd(fd, DATABASE_MAX, &data, &size) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		unsigned char id[ID_SIZE];

		parse_id(ids[i], id);
		if (!memmem(data, size, id, sizeof(id)))
			return false;
	}
	return true;
}

static void check_catalog(struct doctor *doctor)
{
	bool installed = false;

	for (size_t i = 0; i < ARRAY_SIZE(catalogs) && !installed; i++)
		installed = doctor_exists(doctor, catalogs[i]);
	if (knows_ids(doctor))
		doctor_report_ok(
			&doctor->report, CHECK_CATALOG, "journalctl -x explains the entries");
	else if (installed)
		doctor_report_warn(&doctor->report, CHECK_CATALOG, "journalctl --update-catalog",
			"the catalog is installed, but journalctl -x does not know it yet");
	else
		doctor_report_warn(&doctor->report, CHECK_CATALOG,
			"install fuse-sidecar-hook.catalog, then journalctl --update-catalog",
			"journalctl -x cannot explain the entries: the catalog is not installed");
}

void doctor_journal(struct doctor *doctor)
{
	if (!doctor->root)
		check_socket(doctor);
	check_catalog(doctor);
}
