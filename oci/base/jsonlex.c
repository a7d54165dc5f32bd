/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar. One pass over the bytes, without recursion or memory: a hostile document costs no
 * more than its length.
 */
#include "oci/base/jsonlex.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsonlex_parts.h"
#include "oci/base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What may stand at the place that is looked at. */
enum expected {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END, /* behind '[' */
	EXPECT_NAME,
	EXPECT_NAME_OR_END, /* behind '{' */
	EXPECT_COLON,
	EXPECT_COMMA_OR_END,
};

struct lexer {
	const char *data;
	size_t size, at;
	const struct jsonlex_rules *rules;
	enum expected expected;
	unsigned int depth;
	uint64_t objects;   /* bit N: the bracket of depth N + 1 is that of an object */
	bool nul_in_string; /* the last string had an escaped NUL */
	struct jsonlex *result;
};

static int jsonlex_fail(struct lexer *lexer, const char *reason)
{
	lexer->result->offset = lexer->at;
	lexer->result->reason = reason;
	return -EINVAL;
}

static bool jsonlex_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What an unquoted word consists of: numbers, true, false, null, and what people take for those. */
static bool jsonlex_is_word(char c)
{
	return jsonlex_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '+' || c == '-' || c == '.' || c == '_';
}

static bool starts_with(const char *text, size_t size, const char *prefix)
{
	size_t length = strlen(prefix);

	return size >= length && memcmp(text, prefix, length) == 0;
}

/* Past the bytes that need no closer look. */
static void skip_plain(struct lexer *lexer)
{
	while (lexer->at < lexer->size) {
		unsigned char c = (unsigned char)lexer->data[lexer->at];

		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			return;
		lexer->at++;
	}
}

static bool is_hex(char c)
{
	return jsonlex_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The length of the escape at `at`, of which `left` bytes may be read; 0 where JSON has none such.
 * Halves of a surrogate pair may stand alone (RFC 8259, section 8.2). */
static size_t escape_length(const char *at, size_t left)
{
	if (left > 1 && at[1] != '\0' && strchr("\"\\/bfnrt", at[1]))
		return 2;
	if (left < 6 || at[1] != 'u')
		return 0;
	for (size_t i = 2; i < 6; i++) {
		if (!is_hex(at[i]))
			return 0;
	}
	return 6;
}

/* The length of the character or escape at lexer->at; 0 with the reason noted. */
static size_t lex_character(struct lexer *lexer)
{
	const char *at = lexer->data + lexer->at;
	size_t left = lexer->size - lexer->at, length;

	if (*at == '\\') {
		length = escape_length(at, left);
		if (length == 0)
			jsonlex_fail(lexer, "an escape that JSON does not have");
		else if (starts_with(at, left, "\\u0000"))
			lexer->nul_in_string = true;
		return length;
	}
	if ((unsigned char)*at < 0x20) {
		jsonlex_fail(lexer, "a control character in a string");
		return 0;
	}
	length = text_utf8_length(at, left);
	if (length == 0 && lexer->rules->any_bytes)
		return 1;
	if (length == 0)
		jsonlex_fail(lexer, "invalid UTF-8");
	return length;
}

/* `lexer->at` is on the opening quote, and behind the closing one afterwards. */
static int lex_string(struct lexer *lexer)
{
	size_t start = lexer->at++;

	lexer->nul_in_string = false;
	for (skip_plain(lexer); lexer->at < lexer->size; skip_plain(lexer)) {
		size_t length;

		if (lexer->data[lexer->at] == '"') {
			lexer->at++;
			return 0;
		}
		/* Cut off behind its backslash: it is the string that does not end. */
		if (lexer->data[lexer->at] == '\\' && lexer->at + 1 == lexer->size)
			break;
		length = lex_character(lexer);
		if (length == 0)
			return -EINVAL;
		lexer->at += length;
	}
	lexer->at = start;
	return jsonlex_fail(lexer, "a string that does not end");
}

bool jsonlex_is_number(const char *word, size_t length)
{
	size_t i = 0, start;

	if (i < length && word[i] == '-')
		i++;
	start = i;
	while (i < length && jsonlex_is_digit(word[i]))
		i++;
	if (i == start || (word[start] == '0' && i > start + 1))
		return false;
	if (i < length && word[i] == '.') {
		start = ++i;
		while (i < length && jsonlex_is_digit(word[i]))
			i++;
		if (i == start)
			return false;
	}
	if (i < length && (word[i] == 'e' || word[i] == 'E')) {
		i++;
		if (i < length && (word[i] == '+' || word[i] == '-'))
			i++;
		start = i;
		while (i < length && jsonlex_is_digit(word[i]))
			i++;
		if (i == start)
			return false;
	}
	return i == length;
}

static int lex_word(struct lexer *lexer)
{
	static const char *const literals[] = {"true", "false", "null"};
	const char *word = lexer->data + lexer->at;
	size_t length = 0;

	while (lexer->at + length < lexer->size && jsonlex_is_word(word[length]))
		length++;
	for (size_t i = 0; i < ARRAY_SIZE(literals); i++) {
		if (length != strlen(literals[i]) || memcmp(word, literals[i], length) != 0)
			continue;
		lexer->at += length;
		return 0;
	}
	if (!jsonlex_is_number(word, length))
		return jsonlex_fail(lexer, "neither a number nor true, false or null");
	lexer->at += length;
	return 0;
}

static bool in_object(const struct lexer *lexer)
{
	return lexer->depth > 0 && (lexer->objects >> (lexer->depth - 1) & 1);
}

/* Something else than what is expected stands there. */
static int fail_expected(struct lexer *lexer)
{
	static const char *const reasons[] = {
		[EXPECT_VALUE] = "expected a value",
		[EXPECT_VALUE_OR_END] = "expected a value or ']'",
		[EXPECT_NAME] = "expected a name in double quotes",
		[EXPECT_NAME_OR_END] = "expected a name in double quotes or '}'",
		[EXPECT_COLON] = "expected ':' after the name",
	};

	if (lexer->expected == EXPECT_COMMA_OR_END)
		return jsonlex_fail(
			lexer, in_object(lexer) ? "expected ',' or '}'" : "expected ',' or ']'");
	return jsonlex_fail(lexer, reasons[lexer->expected]);
}

static bool expects_value(const struct lexer *lexer)
{
	return lexer->expected == EXPECT_VALUE || lexer->expected == EXPECT_VALUE_OR_END;
}

static int lex_name(struct lexer *lexer)
{
	size_t start = lexer->at;
	int r = lex_string(lexer);

	if (r < 0)
		return r;
	if (lexer->nul_in_string) {
		lexer->at = start;
		return jsonlex_fail(lexer, "a name with an embedded NUL");
	}
	lexer->result->members++;
	lexer->expected = EXPECT_COLON;
	return 0;
}

static int lex_open(struct lexer *lexer, bool object)
{
	if (lexer->depth >= lexer->rules->max_depth || lexer->depth >= JSONLEX_MAX_DEPTH)
		return jsonlex_fail(lexer, "nested too deep");
	lexer->objects &= ~(UINT64_C(1) << lexer->depth);
	lexer->objects |= (uint64_t)object << lexer->depth;
	lexer->depth++;
	lexer->at++;
	lexer->expected = object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
	return 0;
}

static int lex_close(struct lexer *lexer, bool object)
{
	if (lexer->depth == 0)
		return jsonlex_fail(lexer, "a bracket that was not opened");
	if (in_object(lexer) != object ||
		(lexer->expected != EXPECT_COMMA_OR_END && lexer->expected != EXPECT_NAME_OR_END &&
			lexer->expected != EXPECT_VALUE_OR_END))
		return fail_expected(lexer);
	lexer->depth--;
	lexer->at++;
	lexer->expected = EXPECT_COMMA_OR_END;
	return 0;
}

static int lex_separator(struct lexer *lexer, enum expected wanted, enum expected next)
{
	if (lexer->expected != wanted)
		return fail_expected(lexer);
	lexer->at++;
	lexer->expected = next;
	return 0;
}

/* A string, number or literal. */
static int lex_scalar(struct lexer *lexer, bool string)
{
	int r;

	if (string && (lexer->expected == EXPECT_NAME || lexer->expected == EXPECT_NAME_OR_END))
		return lex_name(lexer);
	if (!expects_value(lexer))
		return fail_expected(lexer);
	r = string ? lex_string(lexer) : lex_word(lexer);
	lexer->expected = EXPECT_COMMA_OR_END;
	return r;
}

static int lex_token(struct lexer *lexer)
{
	char c = lexer->data[lexer->at];

	switch (c) {
	case '"':
		return lex_scalar(lexer, true);
	case '{':
	case '[':
		return expects_value(lexer) ? lex_open(lexer, c == '{') : fail_expected(lexer);
	case '}':
	case ']':
		return lex_close(lexer, c == '}');
	case ':':
		return lex_separator(lexer, EXPECT_COLON, EXPECT_VALUE);
	case ',':
		return lex_separator(
			lexer, EXPECT_COMMA_OR_END, in_object(lexer) ? EXPECT_NAME : EXPECT_VALUE);
	default:
		if (jsonlex_is_word(c))
			return lex_scalar(lexer, false);
		return jsonlex_fail(lexer, c == '\0' ? "a NUL byte" : "an unexpected character");
	}
}

static void jsonlex_skip_blanks(struct lexer *lexer)
{
	while (lexer->at < lexer->size && jsonlex_is_blank(lexer->data[lexer->at]))
		lexer->at++;
}

int jsonlex_check(
	const char *data, size_t size, const struct jsonlex_rules *rules, struct jsonlex *ret)
{
	struct lexer lexer = {.data = data, .size = size, .rules = rules, .result = ret};

	*ret = (struct jsonlex){0};
	jsonlex_skip_blanks(&lexer);
	ret->start = lexer.at;
	for (; lexer.at < size; jsonlex_skip_blanks(&lexer)) {
		int r = lex_token(&lexer);

		if (r < 0)
			return r;
		if (lexer.depth > 0)
			continue;
		jsonlex_skip_blanks(&lexer);
		return lexer.at == size ? 0
					: jsonlex_fail(&lexer, "data after the end of the value");
	}
	return jsonlex_fail(&lexer, lexer.depth == 0 ? "no value" : "the text ends too early");
}
