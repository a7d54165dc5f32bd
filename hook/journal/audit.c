/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same fields for a denial, for what would be one and for what was done, so that one query
 * finds all of a pod's entries. Texts are bounded and of one line: much in them is the pod's.
 */
#include "hook/journal/audit.h"

#include "hook/journal/journal.h"
#include "hook/journal/journal_stream.h"
#include "hook/sys/program_name.h"
#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* Of both programs: one place to look. */
#define IDENTIFIER HOOK_PROGRAM
#define VALUE_MAX 8192 /* bytes of one value, its NUL included */
#define FIELDS_MAX 24
#define FINDINGS_MAX 16 /* entries of one run: a pod has up to 64 paths, and each its findings */

static const struct {
	const char *constant; /* "AUDIT_STALE_DETACHED" */
	const char *id;
} kinds[] = {
#define X(kind, id) [kind] = {#kind, id},
	AUDIT_MESSAGE_IDS(X)
#undef X
};

/* The fields of one entry; each text is owned. */
struct fields {
	struct iovec items[FIELDS_MAX];
	size_t n;
};

static void free_fields(struct fields *fields)
{
	for (size_t i = 0; i < fields->n; i++)
		free(fields->items[i].iov_base);
}

#define cleanup_fields __attribute__((cleanup(free_fields)))

/* A field that says nothing, or for which there is no memory, is left out: the entry still goes. */
static void add_field(struct fields *fields, const char *name, const char *value)
{
	char escaped[VALUE_MAX];
	char *text;

	if (!value || !*value || fields->n >= FIELDS_MAX)
		return;
	text_escape(value, escaped, sizeof(escaped));
	text = strformat("%s=%s", name, escaped);
	if (!text)
		return;
	fields->items[fields->n++] = (struct iovec){.iov_base = text, .iov_len = strlen(text)};
}

static void add_number(struct fields *fields, const char *name, uint64_t number)
{
	char text[24];

	if (number == 0)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, number);
	add_field(fields, name, text);
}

static int kind_priority(enum audit_kind kind)
{
	switch (kind) {
	case AUDIT_PROPAGATION_CHANGED:
		return LOG_NOTICE;
	case AUDIT_STALE_DETACHED:
	case AUDIT_SYSCALL_UNKNOWN:
		return LOG_WARNING;
	case AUDIT_GATE_REFUSED:
	case AUDIT_DENIED:
	case AUDIT_WORKER_STUCK:
	case AUDIT_SYSCALL_REFUSED:
	case AUDIT_INTERNAL_ERROR:
		return LOG_ERR;
	case AUDIT_ACTIVATED:
	case AUDIT_DIRECTORY_CREATED:
	case AUDIT_PROPAGATION_VERIFIED:
	case AUDIT_GATE_OPENED:
	case AUDIT_RECORDED:
	case AUDIT_CLEANED:
	case AUDIT_EXPOSED:
	default:
		return LOG_INFO;
	}
}

/* "stale-detached" of AUDIT_STALE_DETACHED. */
static void add_action(struct fields *fields, enum audit_kind kind)
{
	char name[64];
	size_t n = 0;

	for (const char *c = kinds[kind].constant + strlen("AUDIT_"); *c && n + 1 < sizeof(name);
		c++)
		name[n++] = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	name[n] = '\0';
	add_field(fields, "FUSE_SIDECAR_ACTION", name);
}

static void add_identity(struct fields *fields, const struct identity *identity)
{
	add_field(fields, "FUSE_SIDECAR_POD", identity->pod_name);
	add_field(fields, "FUSE_SIDECAR_NAMESPACE", identity->pod_namespace);
	add_field(fields, "FUSE_SIDECAR_POD_UID", identity->pod_uid);
	add_field(fields, "FUSE_SIDECAR_CONTAINER", identity->container_name);
	add_field(fields, "CONTAINER_ID_FULL", identity->container_id);
}

static void audit_add_entry(struct fields *fields, const struct audit_entry *entry)
{
	add_field(fields, "MESSAGE_ID", kinds[entry->kind].id);
	add_action(fields, entry->kind);
	add_field(fields, "FUSE_SIDECAR_RESULT", entry->result);
	if (entry->code != FINDING_NONE)
		add_field(fields, "FUSE_SIDECAR_CODE", code_name(entry->code));
	add_field(fields, "FUSE_SIDECAR_PATH", entry->path);
	add_field(fields, "FUSE_SIDECAR_HOST_PATH", entry->host_path);
	if (entry->peer_group > 0)
		add_number(fields, "FUSE_SIDECAR_PEER_GROUP", (uint64_t)entry->peer_group);
	add_number(fields, "FUSE_SIDECAR_DURATION_USEC", entry->duration_usec);
}

/* `line` is the whole text of the entry, the same for the journal and for standard error. */
static void send_line(const struct audit *audit, const struct audit_entry *entry, const char *line)
{
	cleanup_fields struct fields fields = {.n = 0};
	int priority = entry->priority ? entry->priority : kind_priority(entry->kind);
	char escaped[VALUE_MAX];

	add_field(&fields, "MESSAGE", line);
	add_number(&fields, "PRIORITY", (uint64_t)priority);
	add_field(&fields, "SYSLOG_IDENTIFIER", IDENTIFIER);
	add_field(&fields, "FUSE_SIDECAR_STAGE", audit->stage);
	if (audit->identity)
		add_identity(&fields, audit->identity);
	audit_add_entry(&fields, entry);

	if (journal_send(audit->journal, fields.items, fields.n) == 0 &&
		((audit->quiet && priority > LOG_ERR) || journal_stream_is_stderr()))
		return;
	text_escape(line, escaped, sizeof(escaped));
	dprintf(STDERR_FILENO, "%s: %s: %s\n", program_name(), audit->stage, escaped);
}

/*
 * "denied [provider-not-shared] container rclone-zurg: TEXT"; the parts that are not known are left
 * out.
 */
static void send_text(const struct audit *audit, const struct audit_entry *entry, const char *word,
	const char *text)
{
	const char *container = audit->identity ? audit->identity->container_name : NULL;
	cleanup_free char *line = NULL;
	char verdict[64] = "", subject[96] = "";

	if (word && entry->code != FINDING_NONE)
		snprintf(verdict, sizeof(verdict), "%s [%s] ", word, code_name(entry->code));
	if (container)
		snprintf(subject, sizeof(subject), "container %s: ", container);
	line = strformat("%s%s%s", verdict, subject, text);
	send_line(audit, entry, line ? line : text);
}

void audit_send(const struct audit *audit, const struct audit_entry *entry, const char *format, ...)
{
	cleanup_free char *text = NULL;
	const char *word = NULL;
	va_list args;

	va_start(args, format);
	text = strformat_v(format, args);
	va_end(args);
	/* A code beside "ok" is what has been fixed: that is no verdict to begin the text with. */
	if (entry->result && strcmp(entry->result, "ok") != 0)
		word = entry->result;
	send_text(audit, entry, word, text ? text : format);
}

/* What a finding or an error comes to: the fields of its entry, and its word in the text. */
static struct audit_entry audit_grade(enum finding_code code, enum severity severity, bool enforced,
	const char *subject, const char **ret_word)
{
	struct audit_entry entry = {
		.kind = code == FINDING_INTERNAL || code == FINDING_NONE ? AUDIT_INTERNAL_ERROR
									 : AUDIT_DENIED,
		.code = code,
		.result = "denied",
		.path = subject && *subject == '/' ? subject : NULL,
		.priority = LOG_ERR,
	};

	*ret_word = "denied";
	if (severity != SEVERITY_DENY) {
		entry.result = "reported";
		entry.priority = LOG_WARNING;
		*ret_word = "warning";
	} else if (!enforced) {
		entry.result = "reported";
		entry.priority = LOG_WARNING;
		*ret_word = "would be denied";
	} else if (entry.kind == AUDIT_INTERNAL_ERROR) {
		entry.result = "failed";
		*ret_word = "failed";
	}
	return entry;
}

static void send_graded(const struct audit *audit, const struct audit_entry *entry,
	const char *word, const char *message, const char *fix)
{
	cleanup_free char *text = NULL;
	bool fixable = fix && *fix;

	text = strformat("%s%s%s", message, fixable ? "; fix: " : "", fixable ? fix : "");
	send_text(audit, entry, word, text ? text : message);
}

static void send_rest(const struct audit *audit, size_t n)
{
	audit_send(audit,
		&(struct audit_entry){
			.kind = AUDIT_DENIED, .result = "reported", .priority = LOG_WARNING},
		"%zu more findings are not listed: `" TOOL_PROGRAM " check` of the container's "
		"config.json has them all",
		n);
}

void audit_findings(const struct audit *audit, const struct findings *findings, bool enforced)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];
		const char *word = NULL;
		struct audit_entry entry = audit_grade(
			finding->code, finding->severity, enforced, finding->subject, &word);

		if (findings_keeps(findings, i, FINDINGS_MAX))
			send_graded(audit, &entry, word, finding->message, finding->fix);
	}
	if (findings->n > FINDINGS_MAX)
		send_rest(audit, findings->n - FINDINGS_MAX);
}

void audit_error(const struct audit *audit, const struct error *err, bool enforced)
{
	const char *word = NULL;
	struct audit_entry entry =
		audit_grade(err->code, SEVERITY_DENY, enforced, err->subject, &word);

	send_graded(audit, &entry, word, error_message(err), err->fix);
}

void audit_failure(const struct audit *audit, const struct error *err)
{
	struct audit_entry entry = {
		.kind = AUDIT_INTERNAL_ERROR,
		.code = err->code,
		.result = "failed",
		.path = err->subject && *err->subject == '/' ? err->subject : NULL,
	};

	send_graded(audit, &entry, entry.result, error_message(err), err->fix);
}
