/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and words of a text that is edited. Private to policy/lint/edit*.c. */
#ifndef FSH_POLICY_LINT_EDIT_TEXT_H
#define FSH_POLICY_LINT_EDIT_TEXT_H

#include "policy/lint/edit.h"

/* Of the line that `at` stands in: its first byte, and the byte behind its last, which is a line
 * end or the end of the text. */
size_t line_start(const struct edit_source *source, size_t at);
size_t line_end(const struct edit_source *source, size_t at);
/* The first byte of the next line, or the end of the text. */
size_t next_line(const struct edit_source *source, size_t at);
/* The first byte of the line above the one that begins at `start`, which is not the first. */
size_t previous_line(const struct edit_source *source, size_t start);
/* Where the comment lines that stand just above the line at `start`, `column` bytes in, begin. */
size_t skip_comments_up(const struct edit_source *source, size_t start, size_t column);
/* The end of lines in this text near `at`: "\n", "\r\n" or "\r". */
const char *line_break(const struct edit_source *source, size_t at);
bool is_blank_line(const struct edit_source *source, size_t start);
/* Bytes from the line's start. */
size_t column_of(const struct edit_source *source, size_t at);
/* True where only spaces stand before `at` on its line. */
bool is_first_on_line(const struct edit_source *source, size_t at);
/* True where the bytes of a node are on one line. */
bool is_one_line(const struct edit_source *source, const struct manifest_node *node);
/* True where the node, or what it stands in, is named by an alias. */
bool is_shared(const struct manifest_node *node);

/* Add an edit; `text` is taken over and may be NULL, for want of memory. */
enum edit_outcome edit_add(struct edits *edits, size_t start, size_t end, char *text);

/* `text` in double quotes, as JSON and YAML have them. NULL without memory. */
char *quote_string(const char *text);
/* The value as it is written in brackets and in JSON; NULL without memory. */
char *write_value(const struct edit_value *value);

#endif
